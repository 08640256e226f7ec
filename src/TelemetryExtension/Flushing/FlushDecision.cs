namespace TelemetryExtension.Flushing;

/// <summary>When to flush, seen from an INVOKE. AtStart and AfterInvocation can come together.</summary>
[Flags]
internal enum FlushDecision : byte
{
    /// <summary>Nothing is due: Next at once, which adds nothing to the invocation.</summary>
    None = 0,

    /// <summary>
    /// Flush what is there now, while the handler runs, and call Next when that is done. Free until runtimeDone; from then on
    /// the budget counts.
    /// </summary>
    AtStart = 1,

    /// <summary>Wait for runtimeDone, flush, then Next.</summary>
    AfterInvocation = 2,

    /// <summary>Start a flush and do not wait for it: it may be pending over Next. Never said while a flush is in flight.</summary>
    Background = 4,
}

/// <param name="OldestAge">
/// Age of the oldest record in channel and outbox, by the record's own time: what the platform hands over late is older than its
/// arrival. Zero when there is nothing.
/// </param>
/// <param name="AnyoneAnswers">False when every destination hangs or refuses everything: then no invocation waits for a flush.</param>
internal readonly record struct InvokeFacts(string RequestId, TimeSpan OldestAge, bool IsOverThreshold, bool AnyoneAnswers = true);

/// <summary>The status of runtimeDone; anything that is not success counts as failed.</summary>
internal enum InvocationStatus : byte
{
    Success,
    Failed,
}

/// <summary>What became of a flush.</summary>
internal enum FlushOutcome : byte
{
    /// <summary>Everything taken was delivered or finally disposed of.</summary>
    Complete,

    /// <summary>Something could not be delivered now and waits for the next chance.</summary>
    Incomplete,

    /// <summary>The budget or the deadline ended it.</summary>
    CutOff,
}
