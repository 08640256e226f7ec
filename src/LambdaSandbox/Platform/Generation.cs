using System.Text.Json.Nodes;
using LambdaSandbox.Processes;

namespace LambdaSandbox.Platform;

internal enum RuntimeState
{
    Started,
    Ready,
    Running,

    /// <summary>It sends a response, or failed to and may do nothing else.</summary>
    InvocationResponse,
    Answered,
    InitError,
    Restoring,
    Exited,
}

/// <summary>Runtime and extensions from one init to the reset or shutdown that ends them. Changes only inside the <see cref="Gate"/>.</summary>
internal sealed class Generation(string phase)
{
    public string Phase { get; } = phase;
    public List<ExtensionAgent> Extensions { get; } = [];
    public RuntimeState Runtime { get; set; } = RuntimeState.Started;
    public ChildProcess? RuntimeProcess { get; set; }
    public DateTimeOffset? RuntimeFirstNextAt { get; set; }
    public DateTimeOffset? RestoreNextAt { get; set; }
    public bool RestoreReleased { get; set; }
    public Queue<Invocation> Offered { get; } = new();
    public Dictionary<string, Invocation> Active { get; } = [];

    /// <summary>Invocations of managed instances that timed out. Their answers are refused.</summary>
    public HashSet<string> Expired { get; } = [];

    public bool RegistrationClosed { get; set; }
    public bool SubscriptionClosed { get; set; }

    /// <summary>The first fatal error type, which ends this generation.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether its processes are being ended, so that an exit is not a crash.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Whether it has ended, so that a pending Next gets no answer.</summary>
    public bool HasEnded { get; set; }

    public int? RuntimeExitCode { get; set; }
    public DateTimeOffset? RuntimeExitedAt { get; set; }
    public InvocationError? InitError { get; set; }
    public TimeSpan? InitDuration { get; set; }

    /// <summary>The reason of the fault, in words for people.</summary>
    public string? FaultReason { get; private set; }

    public void Fail(string errorType, string? reason = null)
    {
        if (Fault is null)
            (Fault, FaultReason) = (errorType, reason);
    }

    public bool IsIdle => Active.Count == 0 && Offered.Count == 0 && Extensions.All(e => e.IsIdle || !e.HasRegistered);

    public IEnumerable<ChildProcess> Processes
    {
        get
        {
            var all = Extensions.Select(e => e.Process);
            return all.Append(RuntimeProcess).OfType<ChildProcess>();
        }
    }

    public void OfferToExtensions(string eventName, Func<IEnumerable<JsonObject>> items)
    {
        foreach (var extension in Extensions.Where(e => e.Events.Contains(eventName) && e.State == ExtensionState.Ready))
            extension.Give(items());
    }
}
