using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Ingest.Http;

/// <summary>What the server calls for every request: hands it to the handler of the connection's endpoint.</summary>
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
            // The peer went away; nobody is left to answer.
        }
        catch (Exception e)
        {
            // The boundary: a bug in a handler costs its request, never the process.
            Log.WarnOnce("http-handler", $"request failed: {Reason.OfBug(e)}");
            if (!context.HasStarted)
                context.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    public void DisposeContext(HttpExchange context, Exception? exception)
    {
    }
}
