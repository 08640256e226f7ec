using System.Net;
using Microsoft.AspNetCore.Connections;

namespace TelemetryExtension.Ingest.Http;

/// <summary>
/// Accepts a connection only while few accepted ones wait for their turn. The others wait in the kernel's backlog, where they cost no memory here.
/// Kestrel alone accepts without end. A function with a fifteenth of a CPU reaches the accepted ones much later, so a client that connects and hangs up
/// in a loop filled the heap.
/// </summary>
internal sealed class AcceptLimit(IConnectionListenerFactory inner) : IConnectionListenerFactory, IDisposable
{
    private const int MostWaiting = 32;

    private readonly SemaphoreSlim _room = new(MostWaiting);

    /// <summary>Call it once for each accepted connection, when its turn comes.</summary>
    public void Begin() => _room.Release();

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await inner.BindAsync(endpoint, cancellationToken).ConfigureAwait(false), _room);

    public void Dispose() => _room.Dispose();

    private sealed class Listener(IConnectionListener inner, SemaphoreSlim room) : IConnectionListener
    {
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                await room.WaitAsync(_unbound.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return null;
            }

            var connection = await inner.AcceptAsync(cancellationToken).ConfigureAwait(false);
            if (connection is null)
                room.Release();
            return connection;
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
