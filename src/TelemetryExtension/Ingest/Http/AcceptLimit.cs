using System.Net;
using Microsoft.AspNetCore.Connections;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Ingest.Http;

/// <summary>
/// Accepts a connection only while few accepted ones wait for their turn. The others wait in the kernel's backlog, where they cost no memory here.
/// Kestrel alone accepts without end. A function with a fifteenth of a CPU reaches the accepted ones much later, so a client that connects and hangs up
/// in a loop filled the heap.
/// </summary>
internal sealed class AcceptLimit(IConnectionListenerFactory inner, TimeProvider time) : IConnectionListenerFactory, IDisposable
{
    private const int MostWaiting = 32;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _room = new(MostWaiting);

    /// <summary>Call it once for each accepted connection, when its turn comes.</summary>
    public void Begin() => _room.Release();

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await inner.BindAsync(endpoint, cancellationToken).ConfigureAwait(false), _room, time);

    public void Dispose() => _room.Dispose();

    private sealed class Listener(IConnectionListener inner, SemaphoreSlim room, TimeProvider time) : IConnectionListener
    {
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    await room.WaitAsync(_unbound.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    return null;
                }

                try
                {
                    var connection = await inner.AcceptAsync(cancellationToken).ConfigureAwait(false);
                    if (connection is null)
                        room.Release();
                    return connection;
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // Kestrel would never accept again. The connection waits in the backlog until there is memory or a free descriptor.
                    Log.WarnOnce("accept", $"cannot accept connections for OTLP now, the extension tries again: {Reason.Of(e)}");
                    room.Release();
                }

                await Task.Delay(Pause, time, _unbound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync().ConfigureAwait(false);
            await inner.UnbindAsync(cancellationToken).ConfigureAwait(false);
        }

        public ValueTask DisposeAsync()
        {
            _unbound.Dispose();
            return inner.DisposeAsync();
        }
    }
}
