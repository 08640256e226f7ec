using System.Text;
using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Tests.Ingest.TelemetryApi;

/// <summary>Clients that break the protocol, stop, or go away. One thread serves all, so none of them may hold it up or end it.</summary>
public sealed class HostileClientTests : IDisposable
{
    private readonly ImpatientLoopTime _time = new();
    private readonly TelemetryServer _server;

    public HostileClientTests() => _server = new(time: _time);

    [Theory]
    [InlineData("nonsense\r\n\r\n", "400")]
    [InlineData("\0\0\0\0\r\n\r\n", "400")]
    [InlineData("POST /\r\n\r\n", "400")]
    [InlineData("POST / two HTTP/1.1\r\n\r\n", "400")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505")]
    [InlineData("POST / HTTP/1.1\r\nno colon\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\n: no name\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\na: b\r\n folded\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]", "400")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 2x\r\n\r\n[]", "400")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length:\r\n\r\n[]", "400")]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400")]
    public async Task Head_Broken_IsAnsweredAndTheConnectionEnds(string head, string status)
    {
        using var client = await _server.ConnectAsync(head);
        Assert.StartsWith("HTTP/1.1 " + status, await client.AnswerAsync(), StringComparison.Ordinal);
        await client.EndAsync();
        await _server.AssertServesAsync();
    }

    [Fact]
    public async Task Head_WithoutEnd_IsRefused()
    {
        using var client = await _server.ConnectAsync("POST / HTTP/1.1\r\nx: " + new string('x', 40_000));
        Assert.StartsWith("HTTP/1.1 431", await client.AnswerAsync(), StringComparison.Ordinal);
        await _server.AssertServesAsync();
    }

    /// <summary>It would only come again for ever: 200, and one lost record.</summary>
    [Theory]
    [InlineData("x\r\n")]
    [InlineData("\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("fffffffffffffffff\r\n")]
    [InlineData("2\r\n[]x")]
    [InlineData("2\r\n[]\r\n0\r\n\n")]
    public async Task Chunks_Broken_AreCountedAndTheConnectionEnds(string chunks)
    {
        using var client = await _server.ConnectAsync("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        Assert.StartsWith("HTTP/1.1 200", await client.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(1, _server.Dropped(DropReason.Malformed));
        await client.EndAsync();
        await _server.AssertServesAsync();
    }

    [Fact]
    public async Task Trailers_WithoutEnd_AreRefused()
    {
        using var client = await _server.ConnectAsync("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx: " + new string('x', 40_000));
        Assert.StartsWith("HTTP/1.1 200", await client.AnswerAsync(), StringComparison.Ordinal);
        await _server.AssertServesAsync();
    }

    [Theory]
    [InlineData("P")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n[")]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[")]
    public async Task Sender_GoneInTheMiddle_CostsNothing(string beginning)
    {
        using (var client = await _server.ConnectAsync(beginning))
            client.Reset();
        using (await _server.ConnectAsync(beginning))
        {
        }

        await _server.AssertServesAsync();
        Assert.Equal(1, _server.Ledger[LedgerAccount.Events].Received + 1);
    }

    /// <summary>It would hold its memory for ever.</summary>
    [Theory]
    [InlineData("P", "408")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n[", "200")]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[", "200")]
    public async Task Sender_Stops_IsCutOff(string beginning, string status)
    {
        _time.IsQuick = true;
        using var client = await _server.ConnectAsync(beginning);
        Assert.StartsWith("HTTP/1.1 " + status, await client.AnswerAsync(), StringComparison.Ordinal);
        await client.EndAsync();
        await _server.AssertServesAsync();
    }

    [Fact]
    public async Task Sender_NeverReadsItsAnswers_IsCutOff()
    {
        using var client = await _server.ConnectAsync();
        var flood = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\n\r\n", 10_000)));
        await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
                await client.SendAsync(flood);
        });
        await _server.AssertServesAsync();
    }

    [Fact]
    public async Task Sender_DripsBesideOthers_HoldsNobodyUp()
    {
        using var slow = await _server.ConnectAsync("POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
        for (var i = 0; i < 50; i++)
        {
            await slow.SendAsync(" ");
            await _server.AssertServesAsync();
        }
    }

    [Fact]
    public async Task Bytes_AtRandom_NeverEndTheLoop()
    {
        var random = new Random(4711);
        var whole = Encoding.ASCII.GetBytes(
            TelemetryServer.Post(TelemetryServer.Line("x")) + "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n" + TelemetryServer.Post("[]", "Connection: close\r\n"));
        for (var round = 0; round < 500; round++)
        {
            var bytes = whole[..random.Next(1, whole.Length)];
            for (var hits = random.Next(6); hits > 0; hits--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using var client = await _server.ConnectAsync();
            try
            {
                foreach (var piece in bytes.Chunk(random.Next(1, 100)))
                    await client.SendAsync(piece);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // It was cut off.
            }
        }

        await _server.AssertServesAsync();
    }

    public void Dispose() => _server.Dispose();

    /// <summary>A clock on which every look is a second later, once it is told to be quick.</summary>
    private sealed class ImpatientLoopTime : TimeProvider
    {
        private long _ticks;

        public bool IsQuick { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => IsQuick ? Interlocked.Increment(ref _ticks) : Interlocked.Read(ref _ticks);
    }
}
