using System.Text.Json.Nodes;
using LambdaSandbox.Processes;

namespace LambdaSandbox.Platform;

internal enum ExtensionState
{
    Started,
    Registered,
    Ready,
    Running,
    InitError,
    ExitError,
    Exited,
    ShutdownFailed,
    LaunchError,
}

/// <summary>One extension of one generation, as the Extensions API sees it. Its state changes inside the <see cref="Gate"/>.</summary>
internal sealed class ExtensionAgent(string name, bool isExternal)
{
    private readonly Queue<JsonObject> later = new();

    public string Name { get; } = name;

    /// <summary>A file in /opt/extensions, or one the caller plays; internal ones live in the runtime's process.</summary>
    public bool IsExternal { get; } = isExternal;

    public Guid Id { get; } = Guid.NewGuid();

    public IReadOnlyList<string> Events { get; set; } = [];

    public ExtensionState State { get; set; } = ExtensionState.Started;

    public string? ErrorType { get; set; }

    /// <summary>Null when the caller plays it, or it is internal.</summary>
    public ChildProcess? Process { get; set; }

    /// <summary>The event that its pending or coming Next returns.</summary>
    public JsonObject? Offer { get; private set; }

    /// <summary>Events for its pending Next and those that follow; they replace what was not taken.</summary>
    public void Give(IEnumerable<JsonObject> events)
    {
        later.Clear();
        foreach (var item in events)
            later.Enqueue(item);
        OfferNext();
    }

    /// <summary>The offer was taken.</summary>
    public void OfferNext() => Offer = later.TryDequeue(out var next) ? next : null;

    /// <summary>Just before its process was made.</summary>
    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? RegisteredAt { get; set; }

    public DateTimeOffset? FirstNextAt { get; set; }

    /// <summary>When it last called Next.</summary>
    public DateTimeOffset NextAt { get; set; }

    public DateTimeOffset? ShutdownSentAt { get; set; }

    /// <summary>When its process ended.</summary>
    public DateTimeOffset? ExitedAt { get; set; }

    public int? ExitCode { get; set; }

    public List<string> Output { get; } = [];

    public bool HasRegistered => State is not (ExtensionState.Started or ExtensionState.LaunchError);

    /// <summary>It waits in Next with nothing on its way to it.</summary>
    public bool IsIdle => State == ExtensionState.Ready && Offer is null;

    public bool HasEnded => Process is null ? ExitCode is not null || ShutdownSentAt is not null : ExitCode is not null;
}
