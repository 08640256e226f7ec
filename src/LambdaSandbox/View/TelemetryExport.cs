using LambdaSandbox.Backend;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.View;

/// <summary>The data that `lambda-sandbox export` gets from a running `serve --view`.</summary>
internal static class TelemetryExport
{
    public const string Path = "/_sandbox/telemetry";

    public static void Map(WebApplication app, OtlpBackend backend) => app.MapGet(Path, async context =>
    {
        context.Response.ContentType = "application/x-ndjson";
        using var text = new StringWriter();
        OtlpFile.Write(text, backend.Requests);
        await context.Response.WriteAsync(text.ToString(), context.RequestAborted).ConfigureAwait(false);
    });
}
