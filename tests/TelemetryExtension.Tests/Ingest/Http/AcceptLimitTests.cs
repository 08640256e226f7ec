using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Tests.Ingest.Http;

public sealed class AcceptLimitTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accept_FailsForNow_TriesAgainAfterAPause()
    {
        var time = new ManualTimeProvider();
        var sockets = new FailingSockets(failures: 3);
        using var limit = new AcceptLimit(sockets, time);
        await using var listener = await limit.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), Token);

        var accepted = listener.AcceptAsync(Token).AsTask();
        for (var failure = 1; failure <= 3; failure++)
        {
            Assert.False(accepted.IsCompleted);
            Assert.Equal(failure, sockets.Attempts);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.NotNull(await accepted.WaitAsync(TimeSpan.FromSeconds(30), Token));
    }

    [Fact]
    public async Task Accept_TooManyWaitForTheirTurn_WaitsUntilOneBegins()
    {
        var sockets = new FailingSockets(failures: 0);
        using var limit = new AcceptLimit(sockets, TimeProvider.System);
        await using var listener = await limit.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), Token);
        for (var i = 0; i < 32; i++)
            await listener.AcceptAsync(Token);

        var next = listener.AcceptAsync(Token).AsTask();
        Assert.False(next.IsCompleted);
        limit.Begin();
        Assert.NotNull(await next.WaitAsync(TimeSpan.FromSeconds(30), Token));

        var last = listener.AcceptAsync(Token).AsTask();
        await listener.UnbindAsync(Token);
        Assert.Null(await last.WaitAsync(TimeSpan.FromSeconds(30), Token));
    }

    private sealed class FailingSockets(int failures) : IConnectionListenerFactory, IConnectionListener
    {
        public int Attempts { get; private set; }

        public EndPoint EndPoint => new IPEndPoint(IPAddress.Loopback, 1);

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            ++Attempts <= failures ? throw new SocketException((int)SocketError.NoBufferSpaceAvailable) : new(new DefaultConnectionContext());

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => default;

        public ValueTask DisposeAsync() => default;
    }
}
