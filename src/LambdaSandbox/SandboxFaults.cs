using System.Text.Json.Nodes;
using LambdaSandbox.Http;
using LambdaSandbox.Platform;

namespace LambdaSandbox;

/// <summary>Misbehaviour of the platform, for tests.</summary>
public sealed record SandboxFaults
{
    /// <summary>Answer subscriptions with 202 Telemetry.NotSupported, as emulators do.</summary>
    public bool RefuseTelemetry { get; init; }

    /// <summary>Schema versions answered with 400.</summary>
    public IReadOnlyList<string> RefusedSchemaVersions { get; init; } = [];

    /// <summary>What becomes of an event the platform makes: itself, nothing, two, others. Not asked for events played by hand.</summary>
    public Func<TelemetryEvent, IEnumerable<TelemetryEvent>>? Telemetry { get; init; }

    /// <summary>
    /// A record larger than the subscription's maxBytes comes in two bodies, as seen on real Lambda: the first is cut inside the value and
    /// ends in a forced "}]", the second repeats the envelope before the rest. Neither is JSON.
    /// </summary>
    public bool SplitLargeRecords { get; init; }

    /// <summary>How much later than normal an event is handed to the subscribers; what follows may overtake it.</summary>
    public Func<TelemetryEvent, TimeSpan>? TelemetryDelay { get; init; }

    /// <summary>The platform makes no platform.* event: the test plays them through <see cref="Sandbox.Emit"/>.</summary>
    public bool ScriptedTelemetry { get; init; }

    /// <summary>Asked at every point of life that something reaches.</summary>
    internal Action<Moment>? At { get; init; }

    /// <summary>The error that a call of any API (method, path) gets in place of the right answer; null: none.</summary>
    internal Func<string, string, ApiError?>? Api { get; init; }

    /// <summary>The body to post in place of one with this event; null: none.</summary>
    internal Func<TelemetryEvent, byte[]?>? Broken { get; init; }

    /// <summary>What Next returns in place of an event: itself, changed, or others before it.</summary>
    internal Func<JsonObject, IEnumerable<JsonObject>>? NextEvent { get; init; }

    /// <summary>Waited for before an invocation begins; the environment stays frozen meanwhile.</summary>
    internal Func<CancellationToken, Task>? BeforeInvocation { get; init; }

    internal IEnumerable<JsonObject> Changed(JsonObject item) => NextEvent?.Invoke(item) ?? [item];
}
