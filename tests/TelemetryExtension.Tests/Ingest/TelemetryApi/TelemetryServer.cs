using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Native;

namespace TelemetryExtension.Tests.Ingest.TelemetryApi;

/// <summary>The Telemetry API's port as the extension serves it, with a poll loop of its own.</summary>
internal sealed class TelemetryServer : IDisposable
{
    private readonly ListeningSocket _socket = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
    private readonly PollLoop _loop;
    private readonly RecordingSink _sink = new();

    public TelemetryServer(int maxConnections = 64, TimeProvider? time = null, Func<bool>? isHalfUsed = null, Action? makeRoom = null)
    {
        _loop = new(time ?? TimeProvider.System, Bugs.Add);
        var endpoint = new TelemetryEndpoint(
            new TelemetryBatchReader(_sink, new NoSignals(), Ledger), TimeProvider.System, isHalfUsed ?? (static () => false), makeRoom ?? (static () => { }));
        _loop.Watch(new TelemetryListener(_socket, endpoint, _loop, maxConnections));
        _loop.Start();
    }

    public Ledger Ledger { get; } = new();

    public List<Exception> Bugs { get; } = [];

    public long Dropped(DropReason reason) => Ledger[LedgerAccount.Events].Dropped[(int)reason];

    /// <summary>The records that arrived, in order.</summary>
    public string[] Texts
    {
        get
        {
            lock (_sink.Texts)
                return [.. _sink.Texts];
        }
    }

    public static string Line(string text) => $$"""[{"time":"2025-08-11T12:00:00.101Z","type":"function","record":"{{text}}"}]""";

    public static string Post(string body, string headers = "") =>
        $"POST / HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    public async Task<RawClient> ConnectAsync(string first = "")
    {
        var client = new RawClient(_socket.Port);
        await client.SendAsync(first);
        return client;
    }

    /// <summary>A request of the platform is answered as ever.</summary>
    public async Task AssertServesAsync()
    {
        using var client = await ConnectAsync(Post(Line("still here")));
        Assert.StartsWith("HTTP/1.1 200", await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.Contains("\"still here\"", Texts);
        Assert.Empty(Bugs);
    }

    public void Dispose()
    {
        _loop.End();
        _socket.Dispose();
    }

    private sealed class RecordingSink : ITelemetrySink
    {
        public List<string> Texts { get; } = [];

        public bool TryWrite(in TelemetryItem item)
        {
            lock (Texts)
                Texts.Add(Encoding.UTF8.GetString(item.Bytes));
            item.Release();
            return true;
        }
    }

    private sealed class NoSignals : IInvocationSignals
    {
        public void RuntimeDone(string? requestId, bool failed)
        {
        }

        public void Reported(string? requestId, bool failed)
        {
        }
    }

    /// <summary>A client that sends exactly what it is told.</summary>
    internal sealed class RawClient : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public RawClient(int port) => _socket.Connect(IPAddress.Loopback, port);

        public async Task SendAsync(string text) => await SendAsync(Encoding.Latin1.GetBytes(text));

        public async Task SendAsync(byte[] bytes)
        {
            for (var sent = 0; sent < bytes.Length;)
                sent += await _socket.SendAsync(bytes.AsMemory(sent), TestContext.Current.CancellationToken);
        }

        public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

        public void Reset() => _socket.Close(timeout: 0);

        /// <summary>What comes until the end of a head, or of the connection.</summary>
        public async Task<string> AnswerAsync()
        {
            var answer = new StringBuilder();
            var one = new byte[1];
            using var patience = new CancellationTokenSource(Patience);
            while (!answer.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                try
                {
                    if (await _socket.ReceiveAsync(one, patience.Token) == 0)
                        break;
                }
                catch (SocketException)
                {
                    break;
                }

                answer.Append((char)one[0]);
            }

            return answer.ToString();
        }

        /// <summary>Returns when the server has ended the connection.</summary>
        public async Task EndAsync() => Assert.Equal("", await AnswerAsync());

        public void Dispose() => _socket.Dispose();
    }
}
