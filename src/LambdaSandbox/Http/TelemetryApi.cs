using LambdaSandbox.Platform;
using LambdaSandbox.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Http;

/// <summary>The subscription calls of the Telemetry API 2022-07-01 and of the Logs API 2020-08-15.</summary>
internal sealed class TelemetryApi(PlatformState platform, TelemetryStream telemetry)
{
    private bool Managed => platform.Options.InitializationType == InitializationType.ManagedInstances;

    public void Map(WebApplication app)
    {
        app.MapPut("/2022-07-01/telemetry", context => SubscribeAsync(context, StreamApi.Telemetry));

        // There it does not exist, and answers as any path that does not.
        if (Managed)
            app.MapPut("/2020-08-15/logs", NotFoundAsync);
        else
            app.MapPut("/2020-08-15/logs", context => SubscribeAsync(context, StreamApi.Logs));
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("404 page not found\n", context.RequestAborted);
    }

    private async Task SubscribeAsync(HttpContext context, StreamApi api)
    {
        var agent = platform.Find(context);
        var body = await context.ReadBodyAsync().ConfigureAwait(false);
        var faults = platform.Options.Faults;
        if (faults.RefuseTelemetry)
            throw new ApiError(202, api.ErrorPrefix + "NotSupported", $"{api.Name} API is not supported");
        if (platform.Gate.Read(() => platform.Current?.SubscriptionClosed ?? true))
            throw new ApiError(403, api.ErrorPrefix + "SubscriptionClosed", $"{api.Name} API subscription is closed");

        var known = telemetry.Subscribers.FirstOrDefault(subscriber => subscriber.Name == agent.Name);
        try
        {
            var schemas = Managed ? ["2025-01-29"] : api.Schemas.Except(faults.RefusedSchemaVersions).ToList();
            var subscription = Subscription.Parse(body, api, schemas);
            if (known is not null && known.Subscription.Api != api)
                throw new FormatException($"{agent.Name} is subscribed to the {known.Subscription.Api.Name} API");
            if (Managed && known is not null)
                throw new ApiError(500, "InternalServerError", "Internal Server Error");
            var connection = await subscription.ConnectAsync(context.RequestAborted).ConfigureAwait(false);
            telemetry.Subscribe(agent.Name, subscription, connection);
        }
        catch (FormatException e)
        {
            throw new ApiError(400, api.ValidationError, e.Message);
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("\"OK\"", context.RequestAborted).ConfigureAwait(false);
    }
}
