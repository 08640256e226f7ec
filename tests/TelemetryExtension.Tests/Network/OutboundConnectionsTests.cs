using System.Net;
using System.Threading.Channels;
using TelemetryExtension.Destinations;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Network;

/// <summary>Decides which requests get a new connection. A handler represents all connections of a pool.</summary>
public sealed class OutboundConnectionsTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly Channel<Sent> _sent = Channel.CreateUnbounded<Sent>();
    private readonly Dictionary<bool, OutboundConnections> _connections;
    private int _handlers;

    public OutboundConnectionsTests() => _connections = new() { [true] = Connections(true), [false] = Connections(false) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CutOff_WarmAndSilentBefore_TheNextRequestGetsANewConnection(bool shared)
    {
        await AnswerAsync(shared);
        _time.JumpWallClock(TimeSpan.FromSeconds(30));
        await CutOffAsync(shared);
        Assert.Equal(2, await AnswerAsync(shared));
    }

    [Fact]
    public async Task CutOff_HeardOfJustBefore_KeepsTheConnection()
    {
        await AnswerAsync(true);
        _time.JumpWallClock(TimeSpan.FromMilliseconds(900));
        await CutOffAsync(true);
        Assert.Equal(1, await AnswerAsync(true));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task CutOff_AnotherRequestWasAnsweredMeanwhile_TellsOnlyWhereTheyShareTheConnection(bool shared, int handler)
    {
        await AnswerAsync(shared);
        _time.JumpWallClock(TimeSpan.FromSeconds(30));
        await CutOffAsync(shared, meanwhile: () => AnswerAsync(shared));
        Assert.Equal(handler, await AnswerAsync(shared));
    }

    /// <summary>Handshakes cost CPU, so a backend that hangs for good gets few.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CutOff_EveryRequest_ANewConnectionAfterEverMoreOfThem(bool shared)
    {
        await AnswerAsync(shared);
        for (var i = 0; i < 100; i++)
        {
            _time.JumpWallClock(TimeSpan.FromSeconds(2));
            await CutOffAsync(shared);
        }

        Assert.InRange(_handlers, 4, 8);
        await AnswerAsync(shared);
        _time.JumpWallClock(TimeSpan.FromSeconds(2));
        var before = _handlers;
        await CutOffAsync(shared);
        Assert.Equal(before + 1, await AnswerAsync(shared));
    }

    [Fact]
    public async Task Silence_IsCountedFromTheLastAnswer_NotFromTheLastRequest()
    {
        for (var minute = 0; minute < 20; minute++)
        {
            _time.JumpWallClock(TimeSpan.FromMinutes(1));
            await CutOffAsync(true);
        }

        // New connections follow after 2 and 4 requests, and then every five minutes.
        Assert.InRange(_handlers, 4, 6);
        Assert.True(_connections[true].IsCold);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NoAnswer_OnAnOldConnection_IsRetriedOnceOnANewOne(bool shared)
    {
        await AnswerAsync(shared);
        _time.JumpWallClock(TimeSpan.FromSeconds(30));
        var result = _connections[shared].SendAsync(Request, Delivered, Token).AsTask();
        var first = await _sent.Reader.ReadAsync(Token);
        await _time.TimerAsync(TimeSpan.FromMilliseconds(75));
        _time.Advance(TimeSpan.FromMilliseconds(600));
        var second = await _sent.Reader.ReadAsync(Token);
        Assert.Equal((1, 2), (first.Handler, second.Handler));

        // Two are enough, however long the answer takes.
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(result.IsCompleted);
        second.Answer();
        Assert.Equal(DeliveryStatus.Delivered, (await result).Status);
        Assert.Equal(2, await AnswerAsync(shared));
    }

    [Fact]
    public async Task NoAnswer_WhileOthersOnTheSameConnectionGetTheirs_IsWaitedFor()
    {
        await AnswerAsync(true);
        _time.JumpWallClock(TimeSpan.FromSeconds(30));
        var result = _connections[true].SendAsync(Request, Delivered, Token).AsTask();
        var slow = await _sent.Reader.ReadAsync(Token);
        await AnswerAsync(true);
        _time.Advance(TimeSpan.FromSeconds(9));
        slow.Answer();
        Assert.Equal(DeliveryStatus.Delivered, (await result).Status);
        Assert.Equal(1, _handlers);
    }

    [Fact]
    public async Task NoAnswer_FromABackendThatIsAlwaysSlow_IsWaitedFor()
    {
        await AnswerAsync(false, after: TimeSpan.FromSeconds(1));
        _time.JumpWallClock(TimeSpan.FromSeconds(30));
        await AnswerAsync(false, after: TimeSpan.FromSeconds(3));
        Assert.Equal(1, _handlers);
    }

    /// <summary>Once the slow backend looked like a dead connection. It must not get more than twice the load.</summary>
    [Fact]
    public async Task NoAnswer_FromABackendThatBecameSlow_OneRequestIsSentTwice()
    {
        await AnswerAsync(false);
        _time.JumpWallClock(TimeSpan.FromSeconds(30));
        var result = _connections[false].SendAsync(Request, Delivered, Token).AsTask();
        await _sent.Reader.ReadAsync(Token);
        await _time.TimerAsync(TimeSpan.FromMilliseconds(75));
        _time.Advance(TimeSpan.FromMilliseconds(600));
        var second = await _sent.Reader.ReadAsync(Token);
        _time.Advance(TimeSpan.FromSeconds(1.5));
        second.Answer();
        await result;

        for (var i = 0; i < 5; i++)
        {
            _time.JumpWallClock(TimeSpan.FromSeconds(30));
            Assert.Equal(2, await AnswerAsync(false, after: TimeSpan.FromSeconds(1.5)));
        }
    }

    public void Dispose()
    {
        foreach (var connections in _connections.Values)
            connections.Dispose();
    }

    private OutboundConnections Connections(bool shared) => new(() => new ScriptedHandler(_sent.Writer, ++_handlers), _time, shared);

    /// <summary>The number of the handler that the answered request went through.</summary>
    private async Task<int> AnswerAsync(bool shared, TimeSpan after = default)
    {
        var result = _connections[shared].SendAsync(Request, Delivered, Token).AsTask();
        var sent = await _sent.Reader.ReadAsync(Token);
        _time.Advance(after);
        sent.Answer();
        Assert.Equal(DeliveryStatus.Delivered, (await result).Status);
        return sent.Handler;
    }

    private async Task CutOffAsync(bool shared, Func<Task>? meanwhile = null)
    {
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var result = _connections[shared].SendAsync(Request, Delivered, budget.Token).AsTask();
        await _sent.Reader.ReadAsync(Token);
        if (meanwhile is not null)
            await meanwhile();
        await budget.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => result);
    }

    private static HttpRequestMessage Request() => new(HttpMethod.Post, "http://backend") { Content = new ByteArrayContent([1]) };

    private static ValueTask<DeliveryResult> Delivered(HttpResponseMessage response, CancellationToken cancellationToken) => new(new DeliveryResult(DeliveryStatus.Delivered));

    private sealed record Sent(int Handler, TaskCompletionSource<HttpResponseMessage> Response)
    {
        public void Answer() => Response.SetResult(new(HttpStatusCode.OK));
    }

    private sealed class ScriptedHandler(ChannelWriter<Sent> sent, int number) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
            cancellationToken.Register(() => response.TrySetCanceled(cancellationToken));
            Assert.True(sent.TryWrite(new(number, response)));
            return response.Task;
        }
    }
}
