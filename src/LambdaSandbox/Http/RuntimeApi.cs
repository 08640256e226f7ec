using System.Text.RegularExpressions;
using LambdaSandbox.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Http;

/// <summary>The Runtime API 2018-06-01.</summary>
internal sealed partial class RuntimeApi(PlatformState platform)
{
    private const string Root = "/2018-06-01/runtime";

    public void Map(WebApplication app)
    {
        app.MapGet("/2018-06-01/ping", () => "pong");
        app.MapGet(Root + "/invocation/next", NextAsync);
        app.MapPost(Root + "/invocation/{id}/response", ResponseAsync);
        app.MapPost(Root + "/invocation/{id}/error", ErrorAsync);
        app.MapPost(Root + "/init/error", InitErrorAsync);
        app.MapGet(Root + "/restore/next", RestoreNextAsync);
        app.MapPost(Root + "/restore/error", RestoreErrorAsync);
    }

    private bool Overlaps => platform.Options.InitializationType == InitializationType.ManagedInstances;

    private async Task NextAsync(HttpContext context)
    {
        var isFirst = platform.Current is { RuntimeFirstNextAt: null };
        var again = false;
        var generation = platform.Gate.Do(() =>
        {
            var current = Current();
            if (!Overlaps && current.Runtime is RuntimeState.InvocationResponse or RuntimeState.InitError)
                throw InvalidTransition(current, RuntimeState.Ready);

            // A runtime that asks again before it has answered is given the same event again.
            again = !Overlaps && current.Runtime == RuntimeState.Running;
            if (again)
                return current;
            var now = DateTimeOffset.UtcNow;
            current.RuntimeFirstNextAt ??= now;
            current.RegistrationClosed = true;
            current.Runtime = RuntimeState.Ready;
            foreach (var done in current.Active.Values.Where(i => i.HasAnswered).ToList())
            {
                done.RuntimeDoneAt ??= now;
                current.Active.Remove(done.RequestId);
            }

            return current;
        });

        if (isFirst)
            platform.Reached(LifePoint.Ready, generation.RuntimeProcess?.Name);
        await platform.Gate.WaitAsync(() => again || generation.Offered.Count > 0 || generation.HasEnded, context.RequestAborted).ConfigureAwait(false);
        var invocation = platform.Gate.Do(() =>
        {
            if (again)
                return generation.Active.Values.FirstOrDefault();
            if (context.RequestAborted.IsCancellationRequested || !generation.Offered.TryDequeue(out var next))
                return null;
            next.HandedAt = DateTimeOffset.UtcNow;
            generation.Runtime = RuntimeState.Running;
            generation.Active[next.RequestId] = next;
            return next;
        });
        if (invocation is null)
        {
            context.Abort();
            return;
        }

        context.Offer("Lambda-Runtime-Aws-Request-Id", invocation.RequestId);
        context.Offer("Lambda-Runtime-Invocation-Id", invocation.InvocationId);
        context.Offer("Lambda-Runtime-Deadline-Ms", $"{invocation.Deadline.ToUnixTimeMilliseconds()}");
        context.Offer("Lambda-Runtime-Invoked-Function-Arn", platform.FunctionArn);
        context.Offer("Lambda-Runtime-Trace-Id", invocation.Trace.Header);
        context.Offer("Lambda-Runtime-Client-Context", invocation.Options.ClientContext);
        context.Offer("Lambda-Runtime-Cognito-Identity", invocation.Options.CognitoIdentity);
        context.Offer("Lambda-Runtime-Aws-Tenant-Id", invocation.Options.TenantId);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(invocation.Payload, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task InitErrorAsync(HttpContext context)
    {
        var body = await context.ReadBodyAsync().ConfigureAwait(false);
        platform.Gate.Do(() =>
        {
            var current = Current();
            if (current.Runtime != RuntimeState.Started)
                throw InvalidTransition(current, RuntimeState.InitError);
            current.Runtime = RuntimeState.InitError;
            current.InitError = new InvocationError(Normalise(context.Header("Lambda-Runtime-Function-Error-Type")), body);
        });
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private async Task RestoreNextAsync(HttpContext context)
    {
        var generation = platform.Gate.Do(() =>
        {
            var current = Current();
            if (platform.Options.InitializationType != InitializationType.SnapStart || current.Runtime != RuntimeState.Started)
                throw InvalidTransition(current, RuntimeState.Restoring);
            current.Runtime = RuntimeState.Restoring;
            current.RegistrationClosed = true;
            current.RestoreNextAt = DateTimeOffset.UtcNow;
            return current;
        });
        await platform.Gate.WaitAsync(() => generation.RestoreReleased || generation.HasEnded, context.RequestAborted).ConfigureAwait(false);
        if (generation.HasEnded)
            context.Abort();
    }

    private async Task RestoreErrorAsync(HttpContext context)
    {
        var body = await context.ReadBodyAsync().ConfigureAwait(false);
        platform.Gate.Do(() =>
        {
            var current = Current();
            if (current.Runtime != RuntimeState.Restoring)
                throw InvalidTransition(current, RuntimeState.InitError);
            current.Runtime = RuntimeState.InitError;
            current.InitError = new InvocationError(Normalise(context.Header("Lambda-Runtime-Function-Error-Type")), body);
        });
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private Generation Current() =>
        platform.Current ?? throw new ApiError(403, "InvalidStateTransition", "no environment is running");

    /// <remarks>In the words, and with the names of states, of AWS's emulator.</remarks>
    private static ApiError InvalidTransition(Generation generation, RuntimeState target) => new(
        403,
        "InvalidStateTransition",
        $"State transition from {(generation.Runtime == RuntimeState.Answered ? "RuntimeResponseSentState" : generation.Runtime)} to {target} failed for runtime. "
        + "Error: State transition is not allowed");

    private static string Normalise(string? errorType) => errorType switch
    {
        not null when ErrorTypes().IsMatch(errorType) => errorType,
        not null when errorType.StartsWith("Function.", StringComparison.Ordinal) => "Function.Unknown",
        _ => "Runtime.Unknown",
    };

    [GeneratedRegex(@"^(Runtime|Function)\.[A-Z][a-zA-Z]+$")]
    private static partial Regex ErrorTypes();
}
