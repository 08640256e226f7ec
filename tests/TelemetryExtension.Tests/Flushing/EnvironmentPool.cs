namespace TelemetryExtension.Tests.Flushing;

/// <summary>
/// Distributes a function's invocations over environments roughly like Lambda: an environment runs one invocation at a time; the one that became idle last
/// is used first, so that the others can end; when all are busy there is a new one; one that was idle for too long is removed. Cold starts take no time
/// here, and no invocation is late.
/// </summary>
/// <param name="idleLife">AWS does not document it. Most measurements are five to seven minutes.</param>
internal sealed class EnvironmentPool(TimeSpan idleLife)
{
    private readonly List<List<RecordedInvocation>> _environments = [];

    /// <param name="invocations">The invocations in order of their start.</param>
    /// <returns>The invocations of each environment.</returns>
    public IReadOnlyList<IReadOnlyList<RecordedInvocation>> Spread(IEnumerable<RecordedInvocation> invocations)
    {
        foreach (var invocation in invocations)
            Take(invocation.Start).Add(invocation);
        return _environments;
    }

    private List<RecordedInvocation> Take(TimeSpan now)
    {
        List<RecordedInvocation>? latest = null;
        foreach (var environment in _environments)
        {
            var idleSince = environment[^1].End;
            if (idleSince <= now && now - idleSince < idleLife && (latest is null || idleSince > latest[^1].End))
                latest = environment;
        }

        if (latest is null)
            _environments.Add(latest = []);
        return latest;
    }
}
