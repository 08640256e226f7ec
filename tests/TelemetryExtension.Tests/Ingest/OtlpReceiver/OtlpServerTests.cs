using System.Net;
using System.Net.Sockets;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Ingest.OtlpReceiver;
using TelemetryExtension.Native;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Otlp;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

/// <summary>The server that is started by the first connection.</summary>
public sealed class OtlpServerTests : IDisposable
{
    private readonly ListeningSocket _http = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
    private readonly ListeningSocket _grpc = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
    private readonly Ledger _ledger = new();
    private readonly RecordingSink _sink;
    private readonly PollLoop _loop;

    public OtlpServerTests()
    {
        _sink = new(_ledger);
        _loop = new(TimeProvider.System, static bug => Assert.Fail(bug.ToString()));
        var intake = new OtlpIntake(ReceiverOptions.From(new Env().Read(), 64 << 20), _sink, _ledger, TimeProvider.System);
        OtlpServer.StartWithFirstConnection(intake, _http, _grpc, _loop);
    }

    [Fact]
    public async Task FirstRequest_WaitsInTheBacklog_IsAnswered()
    {
        var first = PostAsync();
        Assert.False(first.IsCompleted);
        _loop.Start();
        Assert.Equal(HttpStatusCode.OK, await first);
        Assert.Equal(HttpStatusCode.OK, await PostAsync());
        Assert.Equal(2, _sink.Items.Count);
    }

    /// <summary>Both are seen in the same round of the loop, and start one server.</summary>
    [Fact]
    public async Task FirstRequest_OnBothPortsAtOnce_IsAnswered()
    {
        using var grpc = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await grpc.ConnectAsync(IPAddress.Loopback, _grpc.Port, TestContext.Current.CancellationToken);
        using var http = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await http.ConnectAsync(IPAddress.Loopback, _http.Port, TestContext.Current.CancellationToken);
        _loop.Start();
        Assert.Equal(HttpStatusCode.OK, await PostAsync());
        await grpc.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x4\0\0\0\0\0"u8.ToArray(), TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Assert.True(await grpc.ReceiveAsync(new byte[9], patience.Token) > 0);
    }

    /// <summary>A sender must see that nobody serves it, and not wait in a backlog.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_Fails_BothPortsRefuseConnections(bool isHttpBroken)
    {
        var (broken, other) = isHttpBroken ? (_http, _grpc) : (_grpc, _http);
        var (brokenPort, otherPort) = (broken.Port, other.Port);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(IPAddress.Loopback, otherPort, TestContext.Current.CancellationToken);
        broken.Dispose();
        _loop.Start();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var end = await Record.ExceptionAsync(async () => Assert.Equal(0, await first.ReceiveAsync(new byte[1], patience.Token)));
        Assert.True(end is null or SocketException { SocketErrorCode: SocketError.ConnectionReset }, $"{end}");
        foreach (var port in new[] { brokenPort, otherPort })
        {
            using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var refused = await Assert.ThrowsAsync<SocketException>(async () => await late.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }
    }

    public void Dispose()
    {
        _loop.End();
        _http.Dispose();
        _grpc.Dispose();
    }

    private async Task<HttpStatusCode> PostAsync()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var content = new ByteArrayContent(OtlpSamples.Of(Signal.Logs));
        content.Headers.ContentType = new("application/x-protobuf");
        using var response = await client.PostAsync(new Uri($"http://127.0.0.1:{_http.Port}/v1/logs"), content, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
