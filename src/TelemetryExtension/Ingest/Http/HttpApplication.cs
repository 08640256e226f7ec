using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Ingest.Http;

/// <summary>Passes every request to the handler of its connection's endpoint.</summary>
internal sealed class HttpApplication : IHttpApplication<HttpExchange>
{
    public HttpExchange CreateContext(IFeatureCollection contextFeatures) => new(contextFeatures);

    public async Task ProcessRequestAsync(HttpExchange context)
    {
        try
        {
            await (context.Handler?.Invoke(context) ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The peer is gone, so there is nobody to answer.
        }
        catch (Exception e)
        {
            // A boundary: a bug in a handler costs its request, never the process.
            Log.WarnOnce("http-handler", $"request failed: {Reason.OfBug(e)}");
            if (!context.HasStarted)
                context.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    public void DisposeContext(HttpExchange context, Exception? exception)
    {
    }
}
