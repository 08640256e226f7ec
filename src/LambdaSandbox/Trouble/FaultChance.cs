using System.Collections.Concurrent;

namespace LambdaSandbox.Trouble;

/// <summary>Says which of the faults of a kind happen now.</summary>
/// <param name="happened">Told of what happened, in words.</param>
internal sealed class FaultChance(IReadOnlyList<FaultSpec> all, FaultDice dice, Func<int> invocation, Action<string> happened)
{
    private readonly ConcurrentDictionary<string, int> counts = new();

    /// <summary>0 while the first init is under way.</summary>
    public int Invocation => invocation();

    public IReadOnlyList<FaultSpec> Of(string kind) => [.. all.Where(each => each.Kind == kind)];

    /// <summary>The number of this occurrence of something, from 1.</summary>
    public int Number(string what) => counts.AddOrUpdate(what, 1, (_, count) => count + 1);

    public bool Hits(FaultSpec fault, string what, int number) => fault.When.Holds(Invocation, dice.Roll(fault.Index, what, number));

    /// <summary>A part of a limit that the seed chooses.</summary>
    public TimeSpan Part(FaultSpec fault, TimeSpan limit, string what, int number) => limit * dice.Roll(~fault.Index, what, number);

    public void Tell(string text) => happened(text);
}
