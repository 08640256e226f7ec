using System.Security.Cryptography;
using Google.Protobuf;
using LambdaSandbox.CommandLine;
using LambdaSandbox.Serving;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.View;

/// <summary>
/// Shows the life of each environment as a trace of the service `lambda`: init, invocations with the extensions' work after them, frozen time, shutdown.
/// Spans are sent when they end. The environment's own span, their parent, is the last one.
/// </summary>
internal sealed class LifeTrace(LifeSender sender, SandboxOptions options) : IReport
{
    private readonly Lock sync = new();
    private readonly Dictionary<int, Life> lives = [];

    public void Note(string text)
    {
    }

    public void Line(int environment, string source, string text)
    {
    }

    public void Starting(PooledEnvironment environment)
    {
        lock (sync)
            lives[environment.Number] = new Life(environment.Sandbox.LogStream, DateTimeOffset.UtcNow);
    }

    public void Started(PooledEnvironment environment)
    {
        var life = Of(environment);
        var init = environment.Sandbox.Init!;
        var end = DateTimeOffset.UtcNow;
        var span = life.Span("init", end - init.Duration, end)
            .With("lambda.billed", options.InitializationType == InitializationType.OnDemand)
            .With("faas.init.status", init.Status)
            .Failed(init.Succeeded ? null : $"{init.ErrorType}: {init.Reason}");
        foreach (var extension in environment.Sandbox.Extensions)
        {
            span.At(extension.RegisteredAt, $"Register {extension.Name}", ("events", string.Join(',', extension.Events)));
            span.At(extension.FirstNextAt, $"Next {extension.Name}");
        }

        span.Platform(environment.Sandbox.Events.Where(item => item.RequestId is null && item.Category == "platform"));
        Send(life, span);
    }

    public void Invoked(PooledEnvironment environment, InvocationResult result)
    {
        var life = Of(environment);
        var end = result.StartedAt + result.Duration;
        var done = end - result.ExtensionOverhead;
        var frozen = result.Frozen.Count == 0 ? TimeSpan.Zero : result.Frozen.Max(process => process.StoppedFor);
        List<LifeSpan> spans = [];
        if (frozen > TimeSpan.Zero)
            spans.Add(Frozen(life, result.StartedAt, frozen));
        var invoke = life.Span("invoke", result.StartedAt, end)
            .With("faas.invocation_id", result.RequestId)
            .With("lambda.billed", true)
            .With("lambda.billed_duration_ms", (long)result.BilledDuration.TotalMilliseconds)
            .With("lambda.max_memory_mb", result.MaxMemoryUsedMb)
            .With("lambda.status", result.Status)
            .With("faas.coldstart", result.InitDuration is not null)
            .Linked(result.TraceHeader)
            .Failed(result.Error is { } error ? $"{error.ErrorType}: {error.Reason ?? error.Body}" : null);
        invoke.Platform(environment.Sandbox.Events.Where(item => item.RequestId == result.RequestId && item.Category == "platform"));
        foreach (var extension in environment.Sandbox.Extensions)
            invoke.At(extension.LastNextAt, $"Next {extension.Name}");
        spans.Add(invoke);
        if (WhyKilled(result) is { } reason)
            spans.Add(Killed(life, end, end, "all processes", invoke).With("lambda.reason", reason));
        if (result.ExtensionOverhead > TimeSpan.Zero)
            spans.Add(life.Span("post-runtime", done, end, invoke).With("lambda.billed", true).With("faas.invocation_id", result.RequestId));
        life.Frozen += frozen;
        Send(life, [.. spans]);
    }

    public void Ended(PooledEnvironment environment, ShutdownResult result)
    {
        var life = Of(environment);
        var end = DateTimeOffset.UtcNow;
        var start = end - result.Duration;
        List<LifeSpan> spans = [];
        var frozen = result.Frozen.Count == 0 ? TimeSpan.Zero : result.Frozen.Max(process => process.StoppedFor) - life.Frozen;
        if (frozen > TimeSpan.FromMilliseconds(1))
            spans.Add(Frozen(life, start, frozen));
        var shutdown = life.Span("shutdown", start, end)
            .With("lambda.billed", false)
            .With("lambda.shutdown.reason", result.Reason)
            .Failed(result.Drained ? null : "an extension did not exit with code 0 in time");
        foreach (var process in result.Extensions.Append(result.Runtime).OfType<ProcessExit>())
            shutdown.At(start + process.After, process.WasKilled ? $"killed {process.Name}" : $"exit {process.Name}", ("exit.code", $"{process.ExitCode}"));
        spans.Add(shutdown);
        foreach (var process in result.Extensions.Append(result.Runtime).OfType<ProcessExit>().Where(process => process.WasKilled))
            spans.Add(Killed(life, start + process.After, end, process.Name, shutdown).With("lambda.reason", "it did not end in time"));
        spans.Add(life.Root($"environment of {options.FunctionName}", end).With("lambda.shutdown.reason", result.Reason));
        lock (sync)
            lives.Remove(environment.Number);
        Send(life, [.. spans]);
    }

    public void Finished(string? failure)
    {
    }

    /// <summary>Why the environment was reset after an invocation. Null when it was not.</summary>
    private static string? WhyKilled(InvocationResult result) => result switch
    {
        { OutOfMemory: true } => "out of memory",
        { Status: "timeout" } => "timeout",
        { Error.ErrorType: "Runtime.ExitError" or "Runtime.InvalidEntrypoint" } => result.Error.Reason,
        { Error.ErrorType: { } type } when type.StartsWith("Extension.", StringComparison.Ordinal) || type.StartsWith("Sandbox.", StringComparison.Ordinal) => result.Error.Reason,
        _ => null,
    };

    private static LifeSpan Killed(Life life, DateTimeOffset start, DateTimeOffset end, string whom, LifeSpan parent) =>
        life.Span("killed", start, end, parent).With("lambda.billed", false).With("process.executable.name", whom);

    private static LifeSpan Frozen(Life life, DateTimeOffset end, TimeSpan duration) =>
        life.Span("frozen", end - duration, end).With("lambda.billed", false);

    private Life Of(PooledEnvironment environment)
    {
        lock (sync)
            return lives.TryGetValue(environment.Number, out var life)
                ? life
                : lives[environment.Number] = new Life(environment.Sandbox.LogStream, DateTimeOffset.UtcNow);
    }

    private void Send(Life life, params LifeSpan[] spans) => sender.Send(life.LogStream, spans.Select(span => span.Span));

    /// <summary>One environment's trace.</summary>
    private sealed class Life(string logStream, DateTimeOffset start)
    {
        private readonly ByteString trace = NewId(16);
        private readonly ByteString root = NewId(8);

        public string LogStream => logStream;

        public TimeSpan Frozen { get; set; }

        public LifeSpan Span(string name, DateTimeOffset from, DateTimeOffset to, LifeSpan? parent = null) =>
            new(name, trace, NewId(8), parent?.Span.SpanId ?? root, from, to);

        public LifeSpan Root(string name, DateTimeOffset to) => new(name, trace, root, ByteString.Empty, start, to);

        private static ByteString NewId(int bytes) => ByteString.CopyFrom(RandomNumberGenerator.GetBytes(bytes));
    }
}
