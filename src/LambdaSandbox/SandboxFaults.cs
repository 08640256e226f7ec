using System.Text.Json.Nodes;
using LambdaSandbox.Http;
using LambdaSandbox.Platform;

namespace LambdaSandbox;

/// <summary>Misbehaviour of the platform, for tests.</summary>
public sealed record SandboxFaults
{
    /// <summary>Answer subscriptions with 202 Telemetry.NotSupported, as emulators do.</summary>
    public bool RefuseTelemetry { get; init; }

    /// <summary>Schema versions that are answered with 400.</summary>
    public IReadOnlyList<string> RefusedSchemaVersions { get; init; } = [];

    /// <summary>Replaces an event of the platform by itself, nothing, two, or others. Not called for events that the test plays.</summary>
    public Func<TelemetryEvent, IEnumerable<TelemetryEvent>>? Telemetry { get; init; }

    /// <summary>
    /// Whether a record larger than the subscription's maxBytes is sent in two bodies, as observed on real Lambda: the first is cut inside the value and
    /// ends in a forced "}]", the second repeats the envelope before the rest. Neither is JSON.
    /// </summary>
    public bool SplitLargeRecords { get; init; }

    /// <summary>How much later an event is sent to the subscribers. Later events may overtake it.</summary>
    public Func<TelemetryEvent, TimeSpan>? TelemetryDelay { get; init; }

    /// <summary>
    /// How long after it was printed a line is read, and gets its time: Managed Instances deliver lines of one invocation after the start of the next.
    /// </summary>
    public TimeSpan LineLag { get; init; }

    /// <summary>Whether the platform creates no platform.* events, because the test plays them through <see cref="Sandbox.Emit"/>.</summary>
    public bool ScriptedTelemetry { get; init; }

    /// <summary>Called at every point of a process's life.</summary>
    internal Action<Moment>? At { get; init; }

    /// <summary>The error that replaces the answer of a call (method, path) of any API, or null.</summary>
    internal Func<string, string, ApiError?>? Api { get; init; }

    /// <summary>The body that replaces a body with this event, or null.</summary>
    internal Func<TelemetryEvent, byte[]?>? Broken { get; init; }

    /// <summary>Replaces the event of Next: by itself, a changed one, or with others before it.</summary>
    internal Func<JsonObject, IEnumerable<JsonObject>>? NextEvent { get; init; }

    /// <summary>Awaited before an invocation begins. The environment stays frozen meanwhile.</summary>
    internal Func<CancellationToken, Task>? BeforeInvocation { get; init; }

    internal IEnumerable<JsonObject> Changed(JsonObject item) => NextEvent?.Invoke(item) ?? [item];
}
