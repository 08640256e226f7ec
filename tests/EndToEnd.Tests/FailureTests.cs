using LambdaSandbox;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests;

/// <summary>Failed invocations: each leaves one ERROR span with the reason, and the environment works after the reset.</summary>
public sealed class FailureTests
{
    private const string Order = """{"order":{"id":"1"}}""";

    /// <summary>The same id in every generation, as by default: events for the previous one reach the next one.</summary>
    private static readonly (string Name, string? Value) Port = ("TELEMETRY_EXTENSION_TELEMETRY_PORT", FreePort.Find());

    public static TheoryData<ReportAfterReset> Reports => [.. Enum.GetValues<ReportAfterReset>()];

    [Theory]
    [MemberData(nameof(Reports))]
    public async Task A_timeout_is_an_error_that_lasted_as_long_as_the_timeout(ReportAfterReset report)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(1), ReportAfterReset = report }, Port);
        var failed = await lambda.InvokeToErrorAsync("""{"timeout":true,"logLines":3}""", "Sandbox.Timedout");
        var next = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2);

        var span = CheckError(outcome, failed, "timeout");
        Assert.InRange(span.Duration(), TimeSpan.FromSeconds(0.98), TimeSpan.FromSeconds(1.1));
        Assert.Equal(span.SpanId, Assert.Single(outcome.LogsOf(failed.RequestId), log => log.Body.StringValue.StartsWith("load 0", StringComparison.Ordinal)).SpanId);
        CheckReset(outcome, failed, next);
        Assert.Equal((1, 0, 1, 2), outcome.Counts);
        CheckReports(outcome, report == ReportAfterReset.Never ? [next] : [failed, next]);
    }

    [Theory]
    [MemberData(nameof(Reports))]
    public async Task A_crash_of_the_runtime_is_an_error(ReportAfterReset report)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { ReportAfterReset = report }, Port);
        var failed = await lambda.InvokeToErrorAsync("""{"crash":true,"logLines":3}""", "Runtime.ExitError");
        var next = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2);

        CheckError(outcome, failed, "Runtime.ExitError");
        CheckReset(outcome, failed, next);
        CheckExit(outcome, failed, next, report == ReportAfterReset.Never ? [next] : [failed, next]);
    }

    [Fact]
    public async Task A_runtime_killed_for_its_memory_is_an_error()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, Port);
        var failed = await lambda.InvokeToErrorAsync(
            """{"sleepMs":2000}""", "Runtime.ExitError", new InvokeOptions { OutOfMemoryAfter = TimeSpan.FromMilliseconds(100) });
        var next = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2);

        var span = CheckError(outcome, failed, "Runtime.OutOfMemory");
        Assert.Equal("Runtime exited with error: signal: killed", span.Status.Message);
        var told = outcome.Log("The function ran out of memory: its runtime was killed");
        Assert.Equal((SeverityNumber.Error, "Runtime.OutOfMemory", span.SpanId), (told.SeverityNumber, told.Text("error.type"), told.SpanId));
        CheckReset(outcome, failed, next);
        CheckExit(outcome, failed, next, [failed, next], "Runtime.OutOfMemory");
    }

    /// <summary>The function had succeeded, and Lambda failed the invocation all the same.</summary>
    [Fact]
    public async Task A_neighbour_that_crashes_after_the_function_is_told()
    {
        var crash = new SandboxFaults { Telemetry = item => [item.Type == "platform.report" ? Crashed(item) : item] };
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { Faults = crash });
        var result = await lambda.InvokeAsync(Order);
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        var told = Assert.Single(outcome.LogsOf(result.RequestId), log => log.Text("error.type") == "Extension.Crash");
        Assert.StartsWith("An extension failed after the function was done", told.Body.StringValue, StringComparison.Ordinal);
        Assert.Equal((outcome.Invocation(result).TraceId, outcome.Invocation(result).SpanId), (told.TraceId, told.SpanId));
    }

    private static TelemetryEvent Crashed(TelemetryEvent report)
    {
        var record = report.Record!.DeepClone().AsObject();
        record["status"] = "error";
        record["errorType"] = "Extension.Crash";
        return new TelemetryEvent(report.Time, report.Type, record);
    }

    [Theory]
    [InlineData("timeout")]
    [InlineData("failure")]
    public async Task An_end_of_which_only_SHUTDOWN_tells_is_an_error_too(string reason)
    {
        // Neither runtimeDone nor a report ever arrives.
        var silent = new SandboxFaults { Telemetry = item => item.Type is "platform.runtimeDone" or "platform.report" ? [] : [item] };
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(1), Faults = silent, ReportAfterReset = ReportAfterReset.Never }, Port);
        var failed = reason == "timeout"
            ? await lambda.InvokeToErrorAsync("""{"timeout":true}""", "Sandbox.Timedout")
            : await lambda.InvokeToErrorAsync("""{"crash":true}""", "Runtime.ExitError");
        var next = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2);

        CheckError(outcome, failed, reason);
        // An environment that is no longer needed has finished its last invocation, although no event reported that.
        var untold = outcome.Invocation(next);
        Assert.Equal((false, true), (untold.IsError(), untold.Flag("telemetry_extension.end_unknown")));
        Assert.InRange(untold.Duration(), TimeSpan.Zero, TimeSpan.FromMicroseconds(1));
        Assert.Equal(reason == "timeout" ? (0, 0, 1, 2) : (0, 1, 0, 2), outcome.Counts);
        Assert.Equal(1, outcome.Distribution("faas.invoke_duration").Count);
    }

    [Fact]
    public async Task A_killed_extension_costs_what_it_had_and_the_next_one_continues()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, Port);
        await lambda.InvokeAsync(Order);
        var failed = await lambda.InvokeToErrorAsync("""{"sleepMs":2000}""", "Extension.Crash", new InvokeOptions
        {
            WhileRunning = _ =>
            {
                lambda.Sandbox.KillExtension("telemetry-extension");
                return Task.CompletedTask;
            },
        });
        Assert.Equal("error", failed.Status);
        Assert.Empty(Exits.OfThisTest.Problems());
        lambda.Backend.Clear();
        var next = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        Assert.False(outcome.Invocation(next).IsError());
        Assert.Equal(3, outcome.LogsOf(next.RequestId).Count);
    }

    private static Span CheckError(Outcome outcome, InvocationResult failed, string errorType)
    {
        var span = outcome.Invocation(failed);
        Assert.True(span.IsError());
        Assert.Equal(errorType, span.Text("error.type"));
        Assert.Equal(TraceHeader.Read(failed.TraceHeader).TraceId, span.TraceId.Hex());
        return span;
    }

    /// <summary>There is one error of that type, lines of the failed invocation under its span, and the platform's report.</summary>
    private static void CheckExit(Outcome outcome, InvocationResult failed, InvocationResult next, IReadOnlyList<InvocationResult> reported, string type = "Runtime.ExitError")
    {
        Assert.Equal((1, 1, 0, 2), outcome.Counts);
        var errors = outcome.Metrics.Where(metric => metric.Name == "faas.errors").SelectMany(metric => metric.Sum.DataPoints);
        Assert.Equal(type, Assert.Single(errors).Attributes.Value("error.type")?.StringValue);
        Assert.All(outcome.LogsOf(failed.RequestId), log => Assert.Equal(outcome.Invocation(failed).SpanId, log.SpanId));
        Assert.All(outcome.LogsOf(next.RequestId), log => Assert.Equal(outcome.Invocation(next).SpanId, log.SpanId));
        CheckReports(outcome, reported);
    }

    private static void CheckReports(Outcome outcome, IReadOnlyList<InvocationResult> reported)
    {
        Assert.Equal(2, outcome.Distribution("faas.invoke_duration").Count);
        Assert.Equal(2, outcome.Distribution("faas.init_duration").Count);
        var billed = outcome.Distribution("telemetry_extension.invocation.billed_duration");
        Assert.Equal(reported.Count, billed.Count);
        Assert.InRange(billed.Sum - reported.Sum(result => result.BilledDuration.TotalSeconds), -0.005, 0.005);
    }

    /// <summary>The environment starts again inside the next invocation, which is then cold again.</summary>
    private static void CheckReset(Outcome outcome, InvocationResult failed, InvocationResult next)
    {
        var span = outcome.Invocation(next);
        Assert.False(span.IsError());
        Assert.True(outcome.Invocation(failed).Flag("faas.coldstart"));
        Assert.True(span.Flag("faas.coldstart"));
        Assert.Equal("invoke", outcome.Child(span, "init").Text("telemetry_extension.init_phase"));
        Assert.Equal(3, outcome.LogsOf(next.RequestId).Count);
        Assert.Equal(2, outcome.Spans.Count(one => one.Kind == Span.Types.SpanKind.Server));
    }
}
