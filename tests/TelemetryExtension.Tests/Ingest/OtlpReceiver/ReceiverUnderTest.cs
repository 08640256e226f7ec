using System.Net;
using System.Net.Sockets;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Ingest.OtlpReceiver;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

/// <summary>Both receivers on free loopback ports, in front of a <see cref="RecordingSink"/>.</summary>
internal sealed class ReceiverUnderTest : IAsyncDisposable
{
    private const long HeapLimit = 64 * 1024 * 1024;
    private readonly HttpEndpoint _endpoint;

    private ReceiverUnderTest(Env settings, IntakeRoom? room)
    {
        Options = ReceiverOptions.From(settings.Read(), HeapLimit) with { HttpPort = 0, GrpcPort = 0 };
        Sink = new(Ledger);
        Intake = new(Options, Sink, Ledger, TimeProvider.System, room);
        var http = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        var grpc = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        HttpPort = http.Port;
        GrpcPort = grpc.Port;
        _endpoint = new([
            new(http, HttpVersionSpoken.Http1, new OtlpHttpReceiver(Intake).HandleAsync),
            new(grpc, HttpVersionSpoken.Http2, new OtlpGrpcReceiver(Intake).HandleAsync),
        ]);
        Http = new(new SocketsHttpHandler()) { BaseAddress = new($"http://127.0.0.1:{HttpPort}"), Timeout = TimeSpan.FromSeconds(30) };
        Grpc = new(new SocketsHttpHandler())
        {
            BaseAddress = new($"http://127.0.0.1:{GrpcPort}"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    public Ledger Ledger { get; } = new();

    public ReceiverOptions Options { get; }

    public RecordingSink Sink { get; }

    public OtlpIntake Intake { get; }

    public int HttpPort { get; }

    public int GrpcPort { get; }

    public HttpClient Http { get; }

    public HttpClient Grpc { get; }

    public static async Task<ReceiverUnderTest> StartAsync(Env? settings = null, Func<long, bool>? hasRoom = null, IntakeRoom? room = null)
    {
        var receiver = new ReceiverUnderTest(settings ?? [], hasRoom is null ? room : IntakeRoom.Unlimited with { HasRoom = hasRoom });
        await receiver._endpoint.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? contentType = "application/x-protobuf", string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (contentType is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (encoding is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, HttpPort, TestContext.Current.CancellationToken);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Grpc.Dispose();
        await _endpoint.DisposeAsync();
    }
}
