using System.Net;
using System.Net.Sockets;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Network;

public sealed class PreparedConnectionsTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly PreparedConnections _prepared;
    private int _opened;

    public PreparedConnectionsTests()
    {
        _server.Start();
        _prepared = new(_ => Open(), _time);
    }

    [Fact]
    public void Take_Prepared_GivesEachOnce()
    {
        _prepared.Prepare(2, CancellationToken.None);
        using var one = _prepared.Take();
        using var other = _prepared.Take();
        Assert.NotNull(one);
        Assert.NotNull(other);
        Assert.NotSame(one, other);
        Assert.Null(_prepared.Take());
        Assert.Equal(2, _opened);
    }

    /// <summary>A freeze in between shows as age.</summary>
    [Theory]
    [InlineData(9)]
    [InlineData(-9)]
    public void Take_TooLongAfter_GivesNone(int seconds)
    {
        _prepared.Prepare(1, CancellationToken.None);
        using var server = _server.AcceptSocket();
        _time.JumpWallClock(TimeSpan.FromSeconds(seconds));
        Assert.Null(_prepared.Take());
        Assert.Equal(0, server.Receive(new byte[1]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 408 Request Timeout\r\n\r\n")]
    public void Take_PeerHasEndedIt_GivesTheNext(string lastWords)
    {
        _prepared.Prepare(2, CancellationToken.None);
        using (var first = _server.AcceptSocket())
        {
            if (lastWords.Length > 0)
                first.Send(System.Text.Encoding.ASCII.GetBytes(lastWords));
            first.Shutdown(SocketShutdown.Send);
            using var second = _server.AcceptSocket();
            using var taken = (NetworkStream?)_prepared.Take();
            Assert.NotNull(taken);
            Assert.Equal(second.RemoteEndPoint, taken.Socket.LocalEndPoint);
        }

        Assert.Null(_prepared.Take());
    }

    [Fact]
    public void Prepare_OneFails_TriesNoOther()
    {
        var tries = 0;
        using var prepared = new PreparedConnections(
            _ =>
            {
                tries++;
                throw new SocketException((int)SocketError.ConnectionRefused);
            },
            _time);
        prepared.Prepare(3, CancellationToken.None);
        Assert.Equal((1, 0), (tries, prepared.Count));
    }

    [Fact]
    public void Prepare_Stopped_OpensNone()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        _prepared.Prepare(3, stop.Token);
        Assert.Equal(0, _opened);
    }

    [Fact]
    public void Prepare_BackendHangs_IsCutOff()
    {
        using var prepared = new PreparedConnections(
            stop =>
            {
                _time.Advance(TimeSpan.FromSeconds(2));
                stop.ThrowIfCancellationRequested();
                return Open();
            },
            _time);
        prepared.Prepare(3, CancellationToken.None);
        Assert.Equal((0, 0), (_opened, prepared.Count));
    }

    [Fact]
    public void Dispose_Prepared_ClosesThemAndTakesNoMore()
    {
        _prepared.Prepare(1, CancellationToken.None);
        using var first = _server.AcceptSocket();
        _prepared.Dispose();
        Assert.Equal(0, first.Receive(new byte[1]));
        Assert.Null(_prepared.Take());
    }

    public void Dispose()
    {
        _prepared.Dispose();
        _server.Dispose();
    }

    private PreparedConnection? Open()
    {
        _opened++;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(_server.LocalEndpoint);
        return new(new NetworkStream(socket, ownsSocket: true), socket);
    }
}
