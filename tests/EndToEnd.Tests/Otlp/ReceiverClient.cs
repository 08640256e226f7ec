using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Otlp;

/// <summary>A raw sender that replaces the function's SDK.</summary>
internal sealed class ReceiverClient(string port) : IDisposable
{
    public const string Protobuf = "application/x-protobuf";
    public const string TraceService = "opentelemetry.proto.collector.trace.v1.TraceService";
    public const string LogsService = "opentelemetry.proto.collector.logs.v1.LogsService";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static string Path(OtlpSignal signal) => $"/v1/{signal.ToString().ToLowerInvariant()}";

    /// <summary>The status, or 0 when the receiver closed the connection without an answer.</summary>
    public async Task<int> PostAsync(string path, byte[] body, string type = Protobuf, string? encoding = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, $"http://127.0.0.1:{port}{path}") { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (encoding is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        try
        {
            using var response = await _http.SendAsync(request, Token);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
                Assert.NotNull(response.Headers.RetryAfter);
            return (int)response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    /// <summary>The grpc-status of a call with exactly <paramref name="bytes"/> as its body, or null without one.</summary>
    public async Task<int?> CallAsync(byte[] bytes, string? encoding = null, string service = TraceService)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/{service}/Export")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(bytes),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        if (encoding is not null)
            request.Headers.Add("grpc-encoding", encoding);
        try
        {
            using var response = await _http.SendAsync(request, Token);
            await response.Content.ReadAsByteArrayAsync(Token);
            var headers = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
            return headers.TryGetValues("grpc-status", out var values) ? int.Parse(values.Single(), System.Globalization.CultureInfo.InvariantCulture) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public static byte[] Frame(byte[] message, byte flag = 0, int? length = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), length ?? message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), Token);
        return socket;
    }

    public void Dispose() => _http.Dispose();
}
