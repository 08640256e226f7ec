namespace TelemetryExtension.Flushing;

/// <summary>When to flush, decided at an INVOKE. AtStart and AfterInvocation may be combined.</summary>
[Flags]
internal enum FlushDecision : byte
{
    /// <summary>Nothing is due. Next follows at once and adds nothing to the invocation.</summary>
    None = 0,

    /// <summary>Flush what is there now, while the handler runs, then call Next. Free until runtimeDone; after it the budget counts.</summary>
    AtStart = 1,

    /// <summary>Wait for runtimeDone, flush, then Next.</summary>
    AfterInvocation = 2,

    /// <summary>Start a flush and do not wait for it. It may still run at Next. Not returned while a flush is in flight.</summary>
    Background = 4,
}

/// <param name="OldestAge">
/// Age of the oldest record in channel and outbox by the record's own time, because the platform delivers some records late. Zero when there is none.
/// </param>
/// <param name="HasResponsiveDestination">False when every destination hangs or refuses everything. No invocation then waits for a flush.</param>
internal readonly record struct InvokeFacts(string RequestId, TimeSpan OldestAge, bool IsOverThreshold, bool HasResponsiveDestination = true);

/// <summary>The status of runtimeDone. Everything except success counts as failed.</summary>
internal enum InvocationStatus : byte
{
    Success,
    Failed,
}

/// <summary>The result of a flush.</summary>
internal enum FlushOutcome : byte
{
    /// <summary>The destinations took or finally refused everything.</summary>
    Complete,

    /// <summary>Something could not be delivered and waits for the next flush.</summary>
    Incomplete,

    /// <summary>The budget or the deadline ended the flush.</summary>
    CutOff,
}
