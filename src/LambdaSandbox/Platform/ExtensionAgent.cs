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

/// <summary>One extension of one generation, as the Extensions API sees it. Its state changes only inside the <see cref="Gate"/>.</summary>
internal sealed class ExtensionAgent(string name, bool isExternal)
{
    private readonly Queue<JsonObject> later = new();

    public string Name { get; } = name;

    /// <summary>Whether it is a file in /opt/extensions or played by the caller. Internal extensions live in the runtime's process.</summary>
    public bool IsExternal { get; } = isExternal;

    public Guid Id { get; } = Guid.NewGuid();

    public IReadOnlyList<string> Events { get; set; } = [];

    public ExtensionState State { get; set; } = ExtensionState.Started;

    public string? ErrorType { get; set; }

    /// <summary>Its process. Null when the caller plays it, or when it is internal.</summary>
    public ChildProcess? Process { get; set; }

    /// <summary>The event for its pending or next call of Next.</summary>
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

    /// <summary>The time just before its process was created.</summary>
    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? RegisteredAt { get; set; }

    public DateTimeOffset? FirstNextAt { get; set; }

    /// <summary>The time of its last call of Next.</summary>
    public DateTimeOffset NextAt { get; set; }

    public DateTimeOffset? ShutdownSentAt { get; set; }

    /// <summary>The time when its process ended.</summary>
    public DateTimeOffset? ExitedAt { get; set; }

    public int? ExitCode { get; set; }

    public List<string> Output { get; } = [];

    public bool HasRegistered => State is not (ExtensionState.Started or ExtensionState.LaunchError);

    /// <summary>Whether it waits in Next without a pending event.</summary>
    public bool IsIdle => State == ExtensionState.Ready && Offer is null;

    public bool HasEnded => Process is null ? ExitCode is not null || ShutdownSentAt is not null : ExitCode is not null;
}
