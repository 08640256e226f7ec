using System.Net;
using System.Net.Sockets;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Network;

/// <summary>Tests with real sockets on loopback and names from the test. A loopback address without a listener refuses at once.</summary>
public sealed class HostConnectorTests : IDisposable
{
    private static readonly IPAddress Refusing = IPAddress.Parse("127.0.0.1");
    private static readonly IPAddress Answering = IPAddress.Parse("127.0.0.2");

    private readonly TcpListener _listener = new(Answering, 0);
    private readonly TcpListener _loopback = new(IPAddress.Loopback, 0);

    public HostConnectorTests()
    {
        _listener.Start();
        _loopback.Start();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    private int LoopbackPort => ((IPEndPoint)_loopback.LocalEndpoint).Port;

    public void Dispose()
    {
        _listener.Dispose();
        _loopback.Dispose();
    }

    [Fact]
    public async Task Connect_FirstAddressRefuses_NextOneIsUsedAndRemembered()
    {
        var connector = Connector([], Refusing, Answering);
        Assert.Equal(Answering, await ConnectedToAsync(connector));
        using var first = new TcpListener(Refusing, Port);
        first.Start();
        // The first address answers by now, and would win if it were tried first.
        Assert.Equal(Answering, await ConnectedToAsync(connector));
    }

    /// <summary>A full backlog does not answer, like a host that is gone.</summary>
    [Fact]
    public async Task Connect_FirstAddressIsSilent_NextOneIsUsed()
    {
        using var silent = new SilentListener(Refusing, Port);
        var connector = Connector([], Refusing, Answering);
        Assert.Equal(Answering, await ConnectedToAsync(connector));
    }

    [Theory]
    [InlineData("127.0.0.2")]
    [InlineData("::ffff:127.0.0.2")]
    public async Task Connect_AnySpellingOfOurOwnAddress_IsRecognised(string own)
    {
        var connector = Connector([Port], Refusing, IPAddress.Parse(own));
        var failure = await Assert.ThrowsAsync<IOException>(() => ConnectedToAsync(connector));
        Assert.Contains("circles", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NothingAnswers_TheSocketsErrorComesThrough()
    {
        var connector = Connector([], Refusing, IPAddress.Parse("127.0.0.3"));
        Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(() => ConnectedToAsync(connector))).SocketErrorCode);
    }

    [Fact]
    public async Task Distrust_WorkingAddress_IsNotTheFirstAnyMore()
    {
        using var other = new TcpListener(IPAddress.Parse("127.0.0.3"), Port);
        other.Start();
        var connector = Connector([], Answering, IPAddress.Parse("127.0.0.3"));
        Assert.Equal(Answering, await ConnectedToAsync(connector));
        connector.Distrust();
        Assert.Equal(IPAddress.Parse("127.0.0.3"), await ConnectedToAsync(connector));
    }

    [Fact]
    public async Task Connect_NameLeadsToOurOwnPort_FailsAndSaysWhy()
    {
        var connecting = new HostConnector([LoopbackPort], TimeProvider.System).ConnectAsync(new("localhost", LoopbackPort), Token);
        var failure = await Assert.ThrowsAsync<IOException>(async () => await connecting);
        Assert.Contains("circles", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_PortOfSomebodyElse_Connects()
    {
        await using var stream = await new HostConnector([LoopbackPort ^ 1], TimeProvider.System).ConnectAsync(new("localhost", LoopbackPort), Token);
        using var accepted = await _loopback.AcceptTcpClientAsync(Token);
        await stream.WriteAsync(new byte[] { 7 }, Token);
        Assert.Equal(7, accepted.GetStream().ReadByte());
    }

    [Fact]
    public async Task Delivery_ByANameThatIsOurOwn_IsKeptAndNamesTheReason()
    {
        // The name does not show it, only the connection does.
        var options = new DeliveryOptions([new("otlp", [Endpoint(), null, null])], [LoopbackPort]);
        var destination = Assert.Single(OtlpDestinations.Create(options, TimeProvider.System));
        var result = await destination.DeliverAsync(new(Signal.Traces, new byte[] { 1 }, 1, DateTimeOffset.UnixEpoch), Token);
        Assert.Equal(DeliveryStatus.Retryable, result.Status);
        Assert.Contains("circles", result.Message, StringComparison.Ordinal);
        (destination as IDisposable)?.Dispose();

        OtlpEndpoint Endpoint() => new(new($"http://localhost:{LoopbackPort}/v1/traces"), OtlpProtocol.HttpProtobuf, [], TimeSpan.FromSeconds(10), false, default);
    }

    private static HostConnector Connector(int[] ownPorts, params IPAddress[] addresses) =>
        new(ownPorts, TimeProvider.System, (_, _) => Task.FromResult(addresses));

    private async Task<IPAddress> ConnectedToAsync(HostConnector connector)
    {
        await using var stream = (NetworkStream)await connector.ConnectAsync(new DnsEndPoint("backend.test", Port), Token);
        return ((IPEndPoint)stream.Socket.RemoteEndPoint!).Address;
    }

    private sealed class SilentListener : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        public SilentListener(IPAddress address, int port)
        {
            var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(address, port));
            listener.Listen(0);
            _sockets.Add(listener);
            for (var i = 0; i < 3; i++)
            {
                var filler = new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                _sockets.Add(filler);
                _ = filler.ConnectAsync(address, port).ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
            }
        }

        public void Dispose() => _sockets.ForEach(static socket => socket.Dispose());
    }
}
