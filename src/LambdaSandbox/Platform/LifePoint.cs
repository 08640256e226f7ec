namespace LambdaSandbox.Platform;

/// <summary>The points in a process's life at which a fault may hit it, in order.</summary>
internal enum LifePoint
{
    /// <summary>Its process was just created.</summary>
    Start,

    /// <summary>An extension has registered.</summary>
    Registered,

    /// <summary>It has called its first Next.</summary>
    Ready,

    /// <summary>The event of an invocation is offered.</summary>
    Invoke,

    /// <summary>The function's answer is complete.</summary>
    Response,

    /// <summary>The runtime has called Next; extensions may still be busy.</summary>
    PostRuntime,

    /// <summary>Everything is frozen.</summary>
    Frozen,

    /// <summary>The runtime is about to get SIGTERM, or the extension has got SHUTDOWN.</summary>
    Shutdown,
}

/// <summary>A point that was reached.</summary>
/// <param name="Process">The process of this point. Null when it concerns all.</param>
/// <param name="Processes">The running processes: name ("function", or an extension's) and pid.</param>
/// <param name="Freeze">Stops everything for a while.</param>
internal sealed record Moment(LifePoint Point, string? Process, IReadOnlyList<(string Name, int Pid)> Processes, Func<TimeSpan, Task> Freeze);
