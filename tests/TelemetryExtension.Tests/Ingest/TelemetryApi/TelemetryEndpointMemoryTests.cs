using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Ingest.TelemetryApi;

namespace TelemetryExtension.Tests.Ingest.TelemetryApi;

public sealed class TelemetryEndpointMemoryTests
{
    private const int LargestBatch = 8 * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A sender that finds the port must not exhaust the memory of the process with announced lengths.</summary>
    [Fact]
    public async Task Post_MoreBatchesThanTheBudgetHolds_TheLastIsNotTakenAndNotCounted()
    {
        var ledger = new Ledger();
        using var socket = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        var endpoint = new TelemetryEndpoint(new TelemetryBatchReader(new NoSink(), new NoSignals(), ledger), TimeProvider.System, static () => { });
        await using var server = new HttpEndpoint([new(socket, HttpVersionSpoken.Http1, endpoint.HandleAsync)]);
        await server.StartAsync(Token);
        using var first = await AnnounceAsync(socket.Port, LargestBatch, expectsContinue: true);
        using var second = await AnnounceAsync(socket.Port, LargestBatch, expectsContinue: true);
        // The server sends 100-continue once it has room for the body.
        Assert.StartsWith("HTTP/1.1 100", await AnswerAsync(first), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 100", await AnswerAsync(second), StringComparison.Ordinal);

        using var third = await AnnounceAsync(socket.Port, 2, "[]");

        Assert.StartsWith("HTTP/1.1 503", await AnswerAsync(third), StringComparison.Ordinal);
        Assert.Equal(0, ledger[LedgerAccount.Events].Received);
        first.Dispose();
        second.Dispose();
        var answer = "";
        for (var tries = 0; tries < 10_000 && !answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal); tries++)
        {
            // The server may not have noticed yet that the two are gone.
            using var fourth = await AnnounceAsync(socket.Port, 2, "[]");
            answer = await AnswerAsync(fourth);
        }

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_BatchBeyondTheLimit_IsAnsweredAndCounted()
    {
        var ledger = new Ledger();
        using var socket = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        var endpoint = new TelemetryEndpoint(new TelemetryBatchReader(new NoSink(), new NoSignals(), ledger), TimeProvider.System, static () => { });
        await using var server = new HttpEndpoint([new(socket, HttpVersionSpoken.Http1, endpoint.HandleAsync)]);
        await server.StartAsync(Token);

        using var sender = await AnnounceAsync(socket.Port, LargestBatch + 1);

        Assert.StartsWith("HTTP/1.1 200", await AnswerAsync(sender), StringComparison.Ordinal);
        Assert.Equal(1, ledger[LedgerAccount.Events].Dropped[(int)DropReason.TooLarge]);
    }

    private static async Task<Socket> AnnounceAsync(int port, int length, string body = "", bool expectsContinue = false)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, Token);
        var expect = expectsContinue ? "Expect: 100-continue\r\n" : "";
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: x\r\n{expect}Content-Length: {length}\r\n\r\n{body}"), Token);
        return socket;
    }

    private static async Task<string> AnswerAsync(Socket socket)
    {
        var buffer = new byte[500];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, Token));
    }

    private sealed class NoSink : ITelemetrySink
    {
        public bool TryWrite(in TelemetryItem item)
        {
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
}
