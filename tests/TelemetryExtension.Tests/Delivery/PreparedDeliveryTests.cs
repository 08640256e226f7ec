using LambdaSandbox.Backend;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Network.Tls;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>The first flush on connections that were opened before, over a network that counts them and can forget them.</summary>
public sealed class PreparedDeliveryTests : IDisposable
{
    private static readonly Signal[] AllSignals = [Signal.Logs, Signal.Traces, Signal.Metrics];
    private readonly string _bundle = Path.GetTempFileName();
    private readonly TestAuthority _root = TestAuthority.Root("Root");

    public PreparedDeliveryTests() => File.WriteAllText(_bundle, _root.Certificate.ExportCertificatePem());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http/protobuf", false, 3)]
    [InlineData("http/protobuf", true, 3)]
    [InlineData("grpc", false, 1)]
    [InlineData("grpc", true, 1)]
    public async Task FirstFlush_ConnectionsAreReady_OpensNoOther(string protocol, bool tls, int connections)
    {
        await using var backend = await StartAsync(tls);
        await using var network = new ForgetfulProxy(protocol == "grpc" ? backend.GrpcUrl : backend.HttpUrl);
        using var bench = Bench(protocol, network.Url);
        Destination(bench).Prepare(Token);
        // Not how many connections there are: the backlog of the network holds some that it has not counted yet.
        Assert.False(Destination(bench).IsCold);
        foreach (var signal in AllSignals)
            bench.Add(LogPayload("x") with { Signal = signal });
        Assert.Equal(0, (await bench.DeliverAsync()).LeftPayloads);
        Assert.Equal((3, connections), (backend.Requests.Count, network.Connections));
    }

    /// <summary>TLS costs more than waiting: with a connection missing, one request goes after the other.</summary>
    [Fact]
    public async Task FirstFlush_OneOfThreeConnectionsIsReady_IsCold()
    {
        await using var backend = await StartAsync(tls: true);
        await using var network = new ForgetfulProxy(backend.HttpUrl);
        using var bench = Bench("http/protobuf", network.Url);
        Assert.True(Destination(bench).IsCold);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task FirstFlush_BackendHasClosedTheConnectionOnTheFirstByte_GoesOnAFreshOne(string protocol)
    {
        await using var backend = await StartAsync(tls: false);
        var killed = 0;
        backend.Receive = _ => Interlocked.Exchange(ref killed, 1) == 0 ? Reading.ResetAfter(0) : Reading.Normal;
        using var bench = Bench(protocol, protocol == "grpc" ? backend.GrpcUrl : backend.HttpUrl);
        Destination(bench).Prepare(Token);
        bench.Add(LogPayload("x"));
        Assert.Equal(0, (await bench.DeliverAsync()).LeftPayloads);
        bench.AssertLogs(exported: 1);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Prepare_ServerIsNotTrusted_LeavesNothing(string protocol)
    {
        using var other = TestAuthority.Root("Other");
        await File.WriteAllTextAsync(_bundle, other.Certificate.ExportCertificatePem(), Token);
        await using var backend = await StartAsync(tls: true);
        await using var network = new ForgetfulProxy(protocol == "grpc" ? backend.GrpcUrl : backend.HttpUrl);
        using var bench = Bench(protocol, network.Url);
        Destination(bench).Prepare(Token);
        bench.Add(LogPayload("x"));
        await bench.DeliverAsync();
        Assert.Equal(2, network.Connections);
        bench.AssertLogs(buffered: 1);
    }

    [Fact]
    public void Prepare_BackendRefuses_SaysNothing()
    {
        using var refusing = new RefusingEndpoint();
        using var bench = Bench("http/protobuf", refusing.Url);
        Destination(bench).Prepare(Token);
        Assert.All(bench.Outbox.Lanes, static lane => Assert.Equal(0, lane.Health.Failures));
    }

    public void Dispose()
    {
        File.Delete(_bundle);
        _root.Dispose();
    }

    private static IDestination Destination(DeliveryTestBench bench) => bench.Outbox.Destinations[0];

    private Task<OtlpBackend> StartAsync(bool tls) => OtlpBackend.StartAsync(tls ? new() { Certificate = _root.Server() } : null, Token);

    private DeliveryTestBench Bench(string protocol, string url) => new(new Env
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
        ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = _bundle,
    });
}
