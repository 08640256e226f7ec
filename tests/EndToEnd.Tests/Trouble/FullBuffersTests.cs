using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>Lambda gives two seconds, and other tests would use a part of them.</summary>
[Collection(nameof(Alone))]
public sealed class FullBuffersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Lines of random letters, which compress by at most a quarter.</summary>
    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task SHUTDOWN_with_full_buffers_sends_everything_in_time(string protocol)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512, Timeout = TimeSpan.FromSeconds(20) },
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"), ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", $"{24 << 20}"));
        await lambda.Backend.PauseAsync(Cancellation);
        var results = await lambda.OrdersAsync(16, ",\"logLines\":1000,\"logBytes\":1000,\"randomLines\":true");
        lambda.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(50)));
        await lambda.Backend.ResumeAsync(Cancellation);
        var outcome = await lambda.EndAsync();

        var (content, wire) = (lambda.Backend.Requests.Sum(request => request.Body.Length), lambda.Backend.Requests.Sum(request => request.WireSize));
        TestContext.Current.TestOutputHelper?.WriteLine($"{content >> 20} MiB, {wire >> 20} MiB compressed, in {outcome.Shutdown.Duration.TotalSeconds:F2} s");
        Assert.InRange(content, 16 << 20, int.MaxValue);
        Assert.InRange(wire, 12 << 20, int.MaxValue);
        outcome.CheckAllArrived(results, FaultRun.LinesPerOrder + 1000);
    }
}
