using System.CommandLine;
using LambdaSandbox.Trouble;

namespace LambdaSandbox.CommandLine;

/// <summary>The faults of a run, from options and from a script.</summary>
internal sealed class FaultOptions
{
    public Option<string[]> Fault { get; } = new("--fault")
    {
        Description = $"A fault, KIND[=VALUE][@WHEN], where WHEN is an invocation (3), some of them (2-4), or a likelihood (20%); may be repeated. {Kinds}",
    };

    public Option<string?> Script { get; } = new("--fault-script") { Description = "A file with a fault a line; what follows a # is a remark" };

    public Option<int?> Seed { get; } = new("--seed") { Description = "The same seed makes the same faults; without it one is chosen, and said" };

    private static string Kinds => string.Join("; ", FaultKinds.All.Select(kind => $"{kind}: {kind.Meaning}"));

    public IEnumerable<Option> All => [Fault, Script, Seed];

    /// <returns>Null when there are none.</returns>
    /// <exception cref="SandboxException">One of them is invalid.</exception>
    public FaultPlan? Read(ParseResult parsed, List<string> notes)
    {
        var script = parsed.GetValue(Script) is { } path ? FaultPlan.ReadScript(path) : [];
        List<string> faults = [.. parsed.GetValue(Fault) ?? [], .. script];
        if (faults.Count == 0)
            return null;
        var seed = parsed.GetValue(Seed) ?? Random.Shared.Next(1, 1_000_000);
        notes.Add($"faults come from --seed {seed}");
        return new FaultPlan(faults, seed);
    }
}
