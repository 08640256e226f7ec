using TelemetryExtension.Diagnostics;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Native;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>
/// The server for the function's OTLP, which starts when the first connection waits in a backlog: a function without an SDK does not pay for it.
/// </summary>
internal static class OtlpServer
{
    /// <summary>Call it before the loop starts. A socket that is null is left out.</summary>
    public static void StartWithFirstConnection(OtlpIntake intake, ListeningSocket? http, ListeningSocket? grpc, PollLoop loop)
    {
        var listens = new List<HttpListen>(2);
        if (http is not null)
            listens.Add(new(http, HttpVersionSpoken.Http1, new OtlpHttpReceiver(intake).HandleAsync));
        if (grpc is not null)
            listens.Add(new(grpc, HttpVersionSpoken.Http2, new OtlpGrpcReceiver(intake).HandleAsync));
        var watched = new List<FirstConnection>(2);
        foreach (var listen in listens)
        {
            watched.Add(new(listen.Socket, Came));
            loop.Watch(watched[^1]);
        }

        void Came()
        {
            // Both ports may have got their first connection at once.
            if (watched.Count == 0)
                return;
            foreach (var each in watched)
                loop.Forget(each);
            watched.Clear();
            intake.InFlight.Enter();
            _ = Task.Run(() => StartAsync(listens, intake, loop));
        }
    }

    private static async Task StartAsync(List<HttpListen> listens, OtlpIntake intake, PollLoop loop)
    {
        HttpEndpoint? endpoint = null;
        try
        {
            endpoint = new HttpEndpoint(listens);
            await endpoint.StartAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (loop.IsEnded)
        {
            // The extension exits, and has closed the sockets.
        }
        catch (Exception e)
        {
            // Closed, a sender sees "connection refused" and not a hang.
            Log.Error($"cannot receive OTLP, the function's own telemetry is lost: {Reason.OfBug(e)}");
            if (endpoint is not null)
                await endpoint.DisposeAsync().ConfigureAwait(false);
            foreach (var listen in listens)
                listen.Socket.Dispose();
        }
        finally
        {
            intake.InFlight.Leave();
        }
    }
}
