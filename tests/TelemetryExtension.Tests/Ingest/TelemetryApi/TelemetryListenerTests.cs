using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.TelemetryApi;

namespace TelemetryExtension.Tests.Ingest.TelemetryApi;

public sealed class TelemetryListenerTests : IDisposable
{
    private const string Ok = "HTTP/1.1 200";
    private readonly TelemetryServer _server = new(maxConnections: 4);

    [Fact]
    public async Task Post_SeveralOnOneConnection_AreAllAnswered()
    {
        using var client = await _server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(TelemetryServer.Post(TelemetryServer.Line($"line {i}")));
            Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(["\"line 0\"", "\"line 1\"", "\"line 2\""], _server.Texts);
    }

    [Fact]
    public async Task Post_Pipelined_AreAnsweredInOrder()
    {
        using var client = await _server.ConnectAsync(string.Concat(Enumerable.Range(0, 300).Select(i => TelemetryServer.Post(TelemetryServer.Line($"{i}")))));
        for (var i = 0; i < 300; i++)
            Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"\"{i}\""), _server.Texts);
    }

    /// <summary>However the network cuts it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Post_InPieces_IsReadWhole(int pieceBytes)
    {
        using var client = await _server.ConnectAsync();
        foreach (var piece in TelemetryServer.Post(TelemetryServer.Line("in pieces")).Chunk(pieceBytes))
            await client.SendAsync(new string(piece));
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(["\"in pieces\""], _server.Texts);
    }

    [Fact]
    public async Task Post_Chunked_IsReadWhole()
    {
        var line = TelemetryServer.Line("in chunks");
        var chunks = string.Concat(line.Chunk(5).Select(static chunk => $"{chunk.Length:X};extension=1\r\n{new string(chunk)}\r\n"));
        using var client = await _server.ConnectAsync($"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\nTrailer: x\r\n\r\n{TelemetryServer.Post("[]")}");
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(["\"in chunks\""], _server.Texts);
    }

    [Fact]
    public async Task Post_OfAMegabyte_IsReadWhole()
    {
        var text = new string('x', 1024 * 1024);
        using var client = await _server.ConnectAsync(TelemetryServer.Post(TelemetryServer.Line(text)));
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(text.Length + 2, Assert.Single(_server.Texts).Length);
    }

    [Theory]
    [InlineData("PUT /any/path?x=1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\r\nPOST / HTTP/1.1\r\ncontent-length:2\r\n\r\n[]")]
    [InlineData("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n[]")]
    public async Task Request_OfAnyKind_IsAnswered(string request)
    {
        using var client = await _server.ConnectAsync(request);
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Connection: close\r\n", "1.1")]
    [InlineData("Connection: Keep-Alive, Close\r\n", "1.1")]
    [InlineData("", "1.0")]
    public async Task Post_LastOnItsConnection_IsAnsweredAndClosed(string header, string version)
    {
        using var client = await _server.ConnectAsync(TelemetryServer.Post("[]", header).Replace("HTTP/1.1", $"HTTP/{version}", StringComparison.Ordinal));
        var answer = await client.AnswerAsync();
        Assert.StartsWith(Ok, answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        await client.EndAsync();
    }

    [Fact]
    public async Task Post_SenderEndsItsSide_IsAnsweredAllTheSame()
    {
        using var client = await _server.ConnectAsync(TelemetryServer.Post(TelemetryServer.Line("last words")));
        client.EndSending();
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(["\"last words\""], _server.Texts);
        await client.EndAsync();
    }

    [Fact]
    public async Task Post_AwaitsContinue_IsAskedForItsBody()
    {
        using var client = await _server.ConnectAsync("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100", await client.AnswerAsync(), StringComparison.Ordinal);
        await client.SendAsync("[]");
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
    }

    /// <summary>The platform's own connection is used again and again: it is not the one that has to go.</summary>
    [Fact]
    public async Task Connect_OverTheLimit_AnIdleConnectionGivesWay()
    {
        var idle = new List<TelemetryServer.RawClient>();
        for (var i = 0; i < 4; i++)
            idle.Add(await _server.ConnectAsync());
        await _server.AssertServesAsync();
        await idle[0].EndAsync();
        idle.ForEach(static client => client.Dispose());
    }

    [Fact]
    public async Task Connect_OverTheLimitAndNoneIsIdle_IsRefused()
    {
        var busy = new List<TelemetryServer.RawClient>();
        for (var i = 0; i < 4; i++)
            busy.Add(await _server.ConnectAsync("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
        foreach (var client in busy)
            Assert.StartsWith("HTTP/1.1 100", await client.AnswerAsync(), StringComparison.Ordinal);
        using (var refused = await _server.ConnectAsync())
            await refused.EndAsync();
        busy.ForEach(static client => client.Dispose());
        var answer = "";
        for (var tries = 0; tries < 10_000 && !answer.StartsWith(Ok, StringComparison.Ordinal); tries++)
        {
            // The server may not have seen yet that the four are gone.
            using var later = await _server.ConnectAsync(TelemetryServer.Post("[]"));
            answer = await later.AnswerAsync();
        }

        Assert.StartsWith(Ok, answer, StringComparison.Ordinal);
    }

    /// <summary>A buffer that is half full is emptied first, on another thread: the loop serves the others meanwhile.</summary>
    [Fact]
    public async Task Post_BufferIsHalfUsed_MakesRoomBesideTheLoop()
    {
        using var gate = new ManualResetEventSlim();
        var isHalfUsed = true;
        using var server = new TelemetryServer(isHalfUsed: () => Volatile.Read(ref isHalfUsed), makeRoom: () => gate.Wait(TimeSpan.FromSeconds(20)));
        using var client = await server.ConnectAsync(TelemetryServer.Post(TelemetryServer.Line("first")) + TelemetryServer.Post(TelemetryServer.Line("second")));
        using var other = await server.ConnectAsync("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100", await other.AnswerAsync(), StringComparison.Ordinal);
        Assert.Empty(server.Texts);
        Volatile.Write(ref isHalfUsed, false);
        gate.Set();
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.StartsWith(Ok, await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(["\"first\"", "\"second\""], server.Texts);
    }

    /// <summary>Whoever finds the port must not take the memory of the process with announcements.</summary>
    [Fact]
    public async Task Post_MoreBatchesThanTheBudgetHolds_TheLastIsNotTakenAndNotCounted()
    {
        var announced = $"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {TelemetryEndpoint.MaxBodyBytes}\r\n\r\n";
        using var first = await _server.ConnectAsync(announced);
        using var second = await _server.ConnectAsync(announced);
        // The server asks for a body once it has room for it.
        Assert.StartsWith("HTTP/1.1 100", await first.AnswerAsync(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 100", await second.AnswerAsync(), StringComparison.Ordinal);

        var large = TelemetryServer.Post("[" + new string(' ', 1024 * 1024) + "]");
        using var third = await _server.ConnectAsync(large);

        Assert.StartsWith("HTTP/1.1 503", await third.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(0, _server.Ledger[LedgerAccount.Events].Received);
        // A runtimeDone is small and gets through.
        await _server.AssertServesAsync();
        first.Dispose();
        second.Dispose();
        var answer = "";
        for (var tries = 0; tries < 10_000 && !answer.StartsWith(Ok, StringComparison.Ordinal); tries++)
        {
            // The server may not have seen yet that the two are gone.
            await third.SendAsync(large);
            answer = await third.AnswerAsync();
        }

        Assert.StartsWith(Ok, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_BatchBeyondTheLimit_IsAnsweredAtOnceAndThrownAway()
    {
        var length = TelemetryEndpoint.MaxBodyBytes + 1;
        using var sender = await _server.ConnectAsync($"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        Assert.StartsWith(Ok, await sender.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(1, _server.Dropped(DropReason.TooLarge));
        await sender.SendAsync(new byte[length]);
        await sender.SendAsync(TelemetryServer.Post(TelemetryServer.Line("next")));
        Assert.StartsWith(Ok, await sender.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(["\"next\""], _server.Texts);
    }

    [Fact]
    public async Task Post_ChunkedBeyondTheLimit_IsAnsweredAndThrownAway()
    {
        using var sender = await _server.ConnectAsync("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
        var chunk = System.Text.Encoding.ASCII.GetBytes($"100000\r\n{new string(' ', 0x100000)}\r\n");
        for (var i = 0; i < 9; i++)
            await sender.SendAsync(chunk);
        await sender.SendAsync("0\r\n\r\n" + TelemetryServer.Post(TelemetryServer.Line("next")));
        Assert.StartsWith(Ok, await sender.AnswerAsync(), StringComparison.Ordinal);
        Assert.StartsWith(Ok, await sender.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal((1, "\"next\""), (_server.Dropped(DropReason.TooLarge), Assert.Single(_server.Texts)));
    }

    public void Dispose() => _server.Dispose();
}
