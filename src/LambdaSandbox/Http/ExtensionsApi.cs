using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LambdaSandbox.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Http;

/// <summary>The Extensions API 2020-01-01.</summary>
internal sealed partial class ExtensionsApi(PlatformState platform)
{
    private const string Root = "/2020-01-01/extension";

    private static readonly string[] KnownEvents = ["INVOKE", "SHUTDOWN"];

    public void Map(WebApplication app)
    {
        app.MapPost(Root + "/register", RegisterAsync);
        app.MapGet(Root + "/event/next", NextAsync);
        app.MapPost(Root + "/init/error", context => ErrorAsync(context, ExtensionState.InitError, "Extension.InitError"));
        app.MapPost(Root + "/exit/error", context => ErrorAsync(context, ExtensionState.ExitError, "Extension.ExitError"));
    }

    private async Task RegisterAsync(HttpContext context)
    {
        var name = context.Header("Lambda-Extension-Name")
            ?? throw new ApiError(403, "Extension.InvalidExtensionName", "Lambda-Extension-Name header is missing");
        var events = ParseEvents(await context.ReadBodyAsync().ConfigureAwait(false));
        var agent = platform.Gate.Do(() => Register(name, events));

        var options = platform.Options;
        var body = new JsonObject
        {
            ["functionName"] = options.FunctionName,
            ["functionVersion"] = options.FunctionVersion,
            ["handler"] = options.Handler,
        };
        var features = context.Header("Lambda-Extension-Accept-Feature")?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        if (features.Contains("accountId"))
            body["accountId"] = options.AccountId;
        context.Response.Headers["Lambda-Extension-Identifier"] = agent.Id.ToString();
        await context.WriteJsonAsync(200, body).ConfigureAwait(false);
        platform.Reached(LifePoint.Registered, name);
    }

    private static List<string> ParseEvents(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.TryGetProperty("configurationKeys", out var keys) && keys.ValueKind == JsonValueKind.Array && keys.GetArrayLength() > 0)
                throw new ApiError(403, "InvalidRequestFormat", "configurationKeys is not supported");
            return root.TryGetProperty("events", out var events) && events.ValueKind != JsonValueKind.Null
                ? [.. events.EnumerateArray().Select(e => e.GetString() ?? "null")]
                : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ApiError(403, "InvalidRequestFormat", e.Message);
        }
    }

    private ExtensionAgent Register(string name, List<string> events)
    {
        var generation = platform.Current ?? throw new ApiError(403, "Extension.RegistrationClosed", "no environment is being initialised");
        if (events.Find(e => !KnownEvents.Contains(e)) is { } unknown)
            throw new ApiError(403, "Extension.InvalidEventType", $"unknown event {unknown}");
        var managed = platform.Options.InitializationType == InitializationType.ManagedInstances;
        if (managed && events.Contains("INVOKE"))
            throw new ApiError(403, "Extension.InvalidEventType", "INVOKE is not available on managed instances");

        var agent = generation.Extensions.Find(e => e.Name == name);
        if (agent is not null && agent.State != ExtensionState.Started)
            throw InvalidState(agent, ExtensionState.Registered);
        if (agent is null)
        {
            if (generation.RegistrationClosed)
                throw new ApiError(403, "Extension.RegistrationClosed", "Extension registration closed already");
            if (generation.Extensions.Count >= ProcessSet.MaxExtensions)
                throw new ApiError(403, "Extension.TooManyExtensions", $"Extension limit ({ProcessSet.MaxExtensions}) reached");
            if (events.Contains("SHUTDOWN") || (managed && events.Count > 0))
                throw new ApiError(403, "Extension.InvalidEventType", "SHUTDOWN is for external extensions only");
            agent = new ExtensionAgent(name, isExternal: false);
            generation.Extensions.Add(agent);
        }

        agent.Events = events;
        agent.State = ExtensionState.Registered;
        agent.RegisteredAt = DateTimeOffset.UtcNow;
        return agent;
    }

    private async Task NextAsync(HttpContext context)
    {
        var agent = platform.Find(context);
        if (platform.Options.OnNext is { } hook)
            await hook(agent.Name).ConfigureAwait(false);
        var isFirst = agent.FirstNextAt is null;
        var generation = platform.Gate.Do(() =>
        {
            if (agent.State is not (ExtensionState.Registered or ExtensionState.Ready or ExtensionState.Running))
                throw InvalidState(agent, ExtensionState.Ready);
            agent.State = ExtensionState.Ready;
            agent.NextAt = DateTimeOffset.UtcNow;
            agent.FirstNextAt ??= agent.NextAt;
            return platform.Current;
        });

        if (isFirst)
            platform.Reached(LifePoint.Ready, agent.Name);
        await platform.Gate.WaitAsync(() => agent.Offer is not null || generation is null or { HasEnded: true }, context.RequestAborted).ConfigureAwait(false);
        var offer = platform.Gate.Do(() =>
        {
            if (agent.Offer is not { } item || context.RequestAborted.IsCancellationRequested)
                return null;
            agent.OfferNext();
            agent.State = ExtensionState.Running;
            if (item["eventType"]!.GetValue<string>() == "SHUTDOWN")
                agent.ShutdownSentAt = DateTimeOffset.UtcNow;
            return item;
        });
        if (offer is null)
        {
            context.Abort();
            return;
        }

        context.Response.Headers["Lambda-Extension-Event-Identifier"] = Guid.NewGuid().ToString();
        await context.WriteJsonAsync(200, offer).ConfigureAwait(false);
        if (agent.ShutdownSentAt is not null)
            platform.Reached(LifePoint.Shutdown, agent.Name);
    }

    private async Task ErrorAsync(HttpContext context, ExtensionState target, string fatal)
    {
        var agent = platform.Find(context);
        var type = context.Header("Lambda-Extension-Function-Error-Type")
            ?? throw new ApiError(403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type header is missing");
        await context.ReadBodyAsync().ConfigureAwait(false);
        platform.Gate.Do(() =>
        {
            if (agent.State == target)
                return;
            var allowed = agent.State == ExtensionState.Registered
                || (target == ExtensionState.ExitError && agent.State is ExtensionState.Ready or ExtensionState.Running);
            if (!allowed)
                throw InvalidState(agent, target);
            agent.State = target;
            agent.ErrorType = platform.Options.InitializationType == InitializationType.ManagedInstances && !ErrorTypes().IsMatch(type) ? fatal : type;
            platform.Current?.Fail(fatal, $"extension {agent.Name} reported {type}");
        });
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private static ApiError InvalidState(ExtensionAgent agent, ExtensionState target) => new(
        403,
        "Extension.InvalidExtensionState",
        $"State transition from {agent.State} to {target} failed for extension {agent.Name}. Error: State transition is not allowed");

    [GeneratedRegex(@"^Extension\.[A-Z][a-zA-Z]+$")]
    private static partial Regex ErrorTypes();
}
