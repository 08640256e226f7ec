namespace TelemetryExtension.Tests.Flushing;

/// <summary>
/// Spreads a function's invocations over environments roughly as Lambda does: an environment has one invocation at a time; the one
/// that became idle last is taken first, so that the others can go; when all are busy there is a new one; one that was idle for
/// too long is gone. Cold starts take no time here, and an invocation is never late.
/// </summary>
/// <param name="idleLife">Lambda does not say; five to seven minutes is what people measure most.</param>
internal sealed class EnvironmentPool(TimeSpan idleLife)
{
    private readonly List<List<RecordedInvocation>> _environments = [];

    /// <param name="invocations">In order of their start.</param>
    /// <returns>For each environment what it does in its life.</returns>
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
