using LambdaSandbox.Platform;
using LambdaSandbox.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Http;

/// <summary>The subscription call of the Telemetry API 2022-07-01.</summary>
internal sealed class TelemetryApi(PlatformState platform, TelemetryStream telemetry)
{
    public void Map(WebApplication app)
    {
        app.MapPut("/2022-07-01/telemetry", SubscribeAsync);
        app.MapPut("/2020-08-15/logs", async context =>
        {
            await context.ReadBodyAsync().ConfigureAwait(false);
            await new ApiError(202, "Logs.NotSupported", "Logs API is not supported").WriteAsync(context).ConfigureAwait(false);
        });
    }

    private async Task SubscribeAsync(HttpContext context)
    {
        var agent = platform.Find(context);
        var body = await context.ReadBodyAsync().ConfigureAwait(false);
        var faults = platform.Options.Faults;
        if (faults.RefuseTelemetry)
            throw new ApiError(202, "Telemetry.NotSupported", "Telemetry API is not supported");
        if (platform.Gate.Read(() => platform.Current?.SubscriptionClosed ?? true))
            throw new ApiError(403, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed");

        var managed = platform.Options.InitializationType == InitializationType.ManagedInstances;
        Subscription subscription;
        try
        {
            subscription = Subscription.Parse(body, faults.RefusedSchemaVersions, managed);
        }
        catch (FormatException e)
        {
            throw new ApiError(400, "ValidationError", e.Message);
        }

        if (managed && telemetry.Subscribers.Any(s => s.Name == agent.Name))
            throw new ApiError(500, "InternalServerError", "already subscribed");
        telemetry.Subscribe(agent.Name, subscription);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("\"OK\"", context.RequestAborted).ConfigureAwait(false);
    }
}
