using System.Collections.Concurrent;

namespace LambdaSandbox.Trouble;

/// <summary>Decides which faults of a kind happen now.</summary>
/// <param name="happened">Called with a description of each fault that happened.</param>
internal sealed class FaultChance(IReadOnlyList<FaultSpec> all, FaultDice dice, Func<int> invocation, Action<string> happened)
{
    private readonly ConcurrentDictionary<string, int> counts = new();

    /// <summary>The number of the invocation. 0 during the first init.</summary>
    public int Invocation => invocation();

    public IReadOnlyList<FaultSpec> Of(string kind) => [.. all.Where(each => each.Kind == kind)];

    /// <summary>The number of this occurrence of something, from 1.</summary>
    public int Number(string what) => counts.AddOrUpdate(what, 1, (_, count) => count + 1);

    public bool Hits(FaultSpec fault, string what, int number) => fault.When.Holds(Invocation, dice.Roll(fault.Index, what, number));

    /// <summary>A part of a limit that the seed chooses.</summary>
    public TimeSpan Part(FaultSpec fault, TimeSpan limit, string what, int number) => limit * dice.Roll(~fault.Index, what, number);

    public void Report(string text) => happened(text);
}
