using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>During a freeze the network drops the connections without FIN or RST, and everything sent on them is lost.</summary>
[Collection(nameof(Alone))]
public sealed class LostConnectionTests : IAsyncDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(2);
    private ForgetfulProxy? _proxy;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_connection_that_was_forgotten_costs_one_flush_and_no_data(string protocol)
    {
        await using var lambda = await StartAsync(protocol, (FaultRun.Strategy, "end"));
        List<InvocationResult> results = [.. await lambda.OrdersAsync(3)];
        var before = _proxy!.Connections;
        _proxy.Forget();
        await Task.Delay(Frozen, Cancellation);
        results.AddRange(await lambda.OrdersAsync(1));
        // This is longer than the back-off after one failure.
        await Task.Delay(Frozen, Cancellation);
        results.AddRange(await lambda.OrdersAsync(1));
        var (arrived, opened) = (lambda.Backend.LogRecords.Count, _proxy.Connections - before);

        (await lambda.EndAsync()).CheckAllArrived(results);
        Assert.Equal(5 * FaultRun.LinesPerOrder, arrived);
        Assert.InRange(opened, 1, protocol == "grpc" ? 1 : 6);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_connection_that_was_forgotten_before_SHUTDOWN_is_replaced_in_time(string protocol)
    {
        await using var lambda = await StartAsync(protocol, (FaultRun.Strategy, "continuous"), ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "3600"));
        // The first three are flushed, the others wait.
        var results = await lambda.OrdersAsync(6);
        var arrived = lambda.Backend.LogRecords.Count;
        _proxy!.Forget();
        await Task.Delay(Frozen, Cancellation);

        (await lambda.EndAsync()).CheckAllArrived(results);
        Assert.InRange(arrived, 1, 5 * FaultRun.LinesPerOrder);
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
            await _proxy.DisposeAsync();
    }

    private Task<LambdaUnderTest> StartAsync(string protocol, params IReadOnlyList<(string Name, string? Value)> environment) => LambdaUnderTest.StartAsync(
        options =>
        {
            _proxy = new(options.Environment[Endpoint]);
            return options with { Environment = new Dictionary<string, string>(options.Environment) { [Endpoint] = _proxy.Url } };
        },
        [("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), .. environment]);
}
