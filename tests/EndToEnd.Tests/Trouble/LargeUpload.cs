using System.Globalization;
using EndToEnd.Tests.Otlp;
using Google.Protobuf;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// A Lambda whose function's SDK sends one record of 7 MB: more than the sockets of both sides hold (4 MB at most here, of which the backend has read the
/// first), and a single record, so it cannot be split. So a fault can hit the middle of its body.
/// </summary>
internal sealed class LargeUpload(LambdaUnderTest lambda, string port) : IAsyncDisposable
{
    /// <summary>The bytes that a slow backend reads per second, and that a resetting one reads at all.</summary>
    public const int Taken = 1_000_000;

    private const int RecordBytes = 7_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public LambdaUnderTest Lambda => lambda;

    private IEnumerable<ReceivedRequest> Broken => lambda.Backend.Requests.Where(request => IsLarge(request) && request.Problem == "the body did not arrive");

    public static async Task<LargeUpload> StartAsync(string protocol)
    {
        var port = FreePort.Find();
        var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(60) },
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port),
            ("TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES", "8388608"),
            ("TELEMETRY_EXTENSION_BUFFER_BYTES", "16777216"),
            (FaultRun.Strategy, "end"),
            (FaultRun.Budget, "2000"));
        return new(lambda, port);
    }

    public static bool IsLarge(ReceivedRequest request) =>
        request.Headers.TryGetValue("Content-Length", out var length) && long.Parse(length, CultureInfo.InvariantCulture) > RecordBytes;

    public static bool IsLarge(LogRecord log) => log.Body?.BytesValue.Length == RecordBytes;

    /// <summary>Runs completely: everything is frozen in the middle of the body for this time, and nothing is lost.</summary>
    /// <param name="reading">How the backend reads the body before the freeze, and what the kernel still sends during it.</param>
    public static async Task FreezeAsync(string protocol, Reading reading, TimeSpan duration, bool connectionDies)
    {
        await using var upload = await StartAsync(protocol);
        var (backend, sandbox) = (upload.Lambda.Backend, upload.Lambda.Sandbox);
        var results = await upload.LearnAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        backend.Receive = request => IsLarge(request) && begun.TrySetResult() ? reading : Reading.Normal;
        var running = upload.InvokeAsync();
        if (await Task.WhenAny(begun.Task, running) == running)
            Assert.Fail($"nothing was uploaded: {await running}\n{string.Join('\n', upload.Lambda.ExtensionLines)}");
        // The amount is so large that the upload has begun and cannot end, whether the handler is still running or has just ended.
        await sandbox.FreezeWhileAsync(
            () => Task.WhenAll(Task.Delay(duration, Cancellation), connectionDies ? upload.DieAsync(after: duration / 10) : Task.CompletedTask), Cancellation);
        results.Add(await running);
        Assert.True(results[^1].Duration >= duration, $"the freeze had no effect: {results[^1]}");
        results.Add(await upload.Lambda.InvokeAsync(FaultRun.Order("after")));
        await upload.CheckAsync(results, broken: 1, mayRepeat: protocol == "grpc" || connectionDies);
    }

    /// <summary>The backend is slow for one order, so that the budget learns to give flushes the time of a large upload.</summary>
    public async Task<List<InvocationResult>> LearnAsync()
    {
        lambda.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(300)));
        List<InvocationResult> results = [.. await lambda.OrdersAsync(1, heldAtMost: TimeSpan.FromSeconds(3))];
        lambda.Backend.Respond = null;
        return results;
    }

    public async Task<InvocationResult> InvokeAsync()
    {
        // It does not compress.
        var random = new byte[RecordBytes];
        new Random(1).NextBytes(random);
        using var client = new ReceiverClient(port);
        return await lambda.InvokeAsync(FaultRun.Order("large"), new InvokeOptions
        {
            WhileRunning = async _ =>
                Assert.Equal(200, await client.PostAsync("/v1/logs", Payloads.Log(new AnyValue { BytesValue = UnsafeByteOperations.UnsafeWrap(random) }))),
        });
    }

    /// <param name="broken">The least number of requests that ended in the middle of their body.</param>
    /// <param name="mayRepeat">Whether a connection with several streams, or all of them at once, may have lost the answers to other requests.</param>
    public async Task CheckAsync(IReadOnlyList<InvocationResult> results, int broken, bool mayRepeat)
    {
        var outcome = await lambda.EndAsync(mayRepeat: mayRepeat);
        outcome.CheckAllArrived(results, mayRepeat: mayRepeat);
        lambda.CheckOncePerBatch(outcome);
        // A repetition has the same id as its request, and is not counted above.
        Assert.InRange(outcome.Logs.Count(IsLarge), 1, mayRepeat ? int.MaxValue : 1);
        // A connection without a reader is told of its end only now.
        await lambda.Backend.PauseAsync(Cancellation);
        await CheckBrokenAsync(broken);
    }

    public ValueTask DisposeAsync() => lambda.DisposeAsync();

    private async Task DieAsync(TimeSpan after)
    {
        await Task.Delay(after, Cancellation);
        Assert.Empty(Broken);
        await lambda.Backend.PauseAsync(Cancellation);
        await CheckBrokenAsync(1);
        await lambda.Backend.ResumeAsync(Cancellation);
    }

    /// <summary>A request is recorded a moment after its connection has ended.</summary>
    private Task CheckBrokenAsync(int least) => lambda.Backend.WaitForAsync(_ => Broken.Count() >= least, TimeSpan.FromSeconds(10), Cancellation);
}
