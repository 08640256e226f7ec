using System.Globalization;
using EndToEnd.Tests.Otlp;
using Google.Protobuf;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// A request that ends, or stands still, in the middle of its body. The function's SDK sends one record of 7 MB: more than the sockets of both sides
/// hold (4 MB at most here, of which the backend has taken the first), and too small a piece to be cut further.
/// </summary>
public sealed class UploadFaultTests
{
    private const int RecordBytes = 7_000_000;
    private const int Taken = 1_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_backend_that_resets_in_the_middle_of_a_request_gets_it_in_the_end(string protocol)
    {
        var port = FreePort.Find();
        await using var lambda = await StartAsync(protocol, port);
        List<InvocationResult> results = [.. await lambda.OrdersAsync(1)];
        var met = 0;
        lambda.Backend.Receive = request => IsLarge(request) && Interlocked.Increment(ref met) <= 2 ? Reading.ResetAfter(Taken) : Reading.Normal;
        results.Add(await LargeAsync(lambda, port));
        results = [.. await lambda.OrdersUntilAsync(
            results, () => lambda.Backend.LogRecords.Any(received => IsLarge(received.LogRecord)) ? null : "the large record", heldAtMost: TimeSpan.FromSeconds(3))];
        await CheckAsync(lambda, results, met);
    }

    [Theory]
    [InlineData("http/protobuf", "never", true)]
    [InlineData("http/protobuf", "never", false)]
    [InlineData("http/protobuf", "slowly", true)]
    [InlineData("grpc", "never", true)]
    [InlineData("grpc", "never", false)]
    [InlineData("grpc", "slowly", true)]
    public async Task A_freeze_while_the_backend_does_not_read_on_loses_nothing(string protocol, string reading, bool connectionDies)
    {
        var port = FreePort.Find();
        await using var lambda = await StartAsync(protocol, port);
        // Slow at first, so that flushes are given time: they have learned that this backend needs it.
        lambda.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(300)));
        List<InvocationResult> results = [.. await lambda.OrdersAsync(1, heldAtMost: TimeSpan.FromSeconds(3))];
        lambda.Backend.Respond = null;
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lambda.Backend.Receive = request => IsLarge(request) && begun.TrySetResult() ? reading == "never" ? Reading.Never : Reading.Slowly(Taken) : Reading.Normal;
        var running = LargeAsync(lambda, port);
        if (await Task.WhenAny(begun.Task, running) == running)
            Assert.Fail($"nothing was uploaded: {await running}\n{string.Join('\n', lambda.ExtensionLines)}");
        // So much telemetry is sent at once: the upload has begun and cannot end, whether the handler is still running or has just ended.
        var frozen = lambda.Sandbox.FreezeForAsync(TimeSpan.FromSeconds(3), Cancellation);
        if (connectionDies)
        {
            await lambda.Backend.PauseAsync(Cancellation);
            await lambda.Backend.ResumeAsync(Cancellation);
        }

        await frozen;
        results.Add(await running);
        results.Add(await lambda.InvokeAsync(FaultRun.Order("after")));
        await CheckAsync(lambda, results, met: 2);
    }

    /// <summary>
    /// A connection takes the answers to all its requests along, and one to so large a request may come when the budget is just used up: what goes again
    /// goes under the same batch id.
    /// </summary>
    private static async Task CheckAsync(LambdaUnderTest lambda, IReadOnlyList<InvocationResult> results, int met)
    {
        var outcome = await lambda.EndAsync(mayRepeat: true);
        outcome.CheckAllArrived(results, mayRepeat: true);
        Assert.True(met >= 2, "the trouble was not met");
        Assert.Contains(outcome.Logs, IsLarge);
        lambda.CheckOncePerBatch(outcome);
    }

    private static async Task<InvocationResult> LargeAsync(LambdaUnderTest lambda, string port)
    {
        // Nothing in it compresses.
        var random = new byte[RecordBytes];
        new Random(1).NextBytes(random);
        using var client = new ReceiverClient(port);
        return await lambda.InvokeAsync(FaultRun.Order("large"), new InvokeOptions
        {
            WhileRunning = async _ =>
                Assert.Equal(200, await client.PostAsync("/v1/logs", Payloads.Log(new AnyValue { BytesValue = UnsafeByteOperations.UnsafeWrap(random) }))),
        });
    }

    private static bool IsLarge(LogRecord log) => log.Body?.BytesValue.Length == RecordBytes;

    private static bool IsLarge(ReceivedRequest request) =>
        request.Headers.TryGetValue("Content-Length", out var length) && long.Parse(length, CultureInfo.InvariantCulture) > RecordBytes;

    private static Task<LambdaUnderTest> StartAsync(string protocol, string port) => LambdaUnderTest.StartAsync(
        options => options with { Timeout = TimeSpan.FromSeconds(60) },
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port),
        ("TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES", "8388608"),
        ("TELEMETRY_EXTENSION_BUFFER_BYTES", "16777216"),
        (FaultRun.Strategy, "end"),
        (FaultRun.Budget, "2000"));
}
