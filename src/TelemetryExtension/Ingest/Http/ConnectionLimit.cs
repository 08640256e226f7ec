using Microsoft.AspNetCore.Connections;

namespace TelemetryExtension.Ingest.Http;

/// <summary>Closes a connection at once when as many as the limit are open, so that its sender is not left hanging.</summary>
internal sealed class ConnectionLimit(int limit)
{
    private int _open;

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _open) <= limit)
                await next(connection).ConfigureAwait(false);
            else
                await CloseAsync(connection).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private static async Task CloseAsync(ConnectionContext connection)
    {
        await connection.Transport.Input.CompleteAsync().ConfigureAwait(false);
        await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
    }
}
