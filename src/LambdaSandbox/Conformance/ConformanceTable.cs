using System.Globalization;

namespace LambdaSandbox.Conformance;

/// <summary>Writes the result for people: in the terminal, and as Markdown for a page.</summary>
internal static class ConformanceTable
{
    public static string Line(Finding finding) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Word(finding.Outcome),-11} {finding.Check.Name,-24} {Loss(finding),-16} {finding.Check.Promise}{(finding.Reason is null ? "" : $"\n{"",12}-> {finding.Reason}")}")
        + string.Concat(finding.Printed.Select(line => $"\n{"",12} | {line}"));

    public static string Summary(ConformanceResult result)
    {
        var passed = result.Findings.Count(finding => finding.Outcome == Outcome.Passed);
        var unsupported = result.Findings.Count(finding => finding.Outcome == Outcome.Unsupported);
        var costs = result.Costs is { } measured ? $"\nagainst the function alone: {Words(measured)}" : "";
        return $"{result.Extension}: {passed} passed, {result.Failed} failed, {unsupported} not supported{costs}";
    }

    public static string Words(Costs costs) => string.Create(
        CultureInfo.InvariantCulture,
        $"init +{costs.InitMs:F1} ms, invocation +{costs.InvocationMs:F1} ms, CPU {costs.CpuMs:F2} ms for each invocation, memory {costs.MemoryMb:F1} MB, exit after {costs.ShutdownMs:F0} ms");

    public static string Markdown(ConformanceResult result)
    {
        var rows = result.Findings.Select(finding =>
            $"| `{finding.Check.Name}` | {finding.Check.Promise} | {Word(finding.Outcome)}{(finding.Reason is null ? "" : $": {finding.Reason.Replace("|", "\\|", StringComparison.Ordinal)}")} | {Loss(finding)} |");
        return $"| check | what it is about | {result.Extension} | lines not at the backend |\n|---|---|---|---|\n{string.Join('\n', rows)}\n"
            + (result.Costs is { } costs ? $"\nAgainst the function alone: {Words(costs)}.\n" : "");
    }

    /// <summary>Replaces the part of a page between the two marks, and keeps the rest.</summary>
    public static async Task WriteAsync(string path, string table, CancellationToken cancellation)
    {
        const string begin = "<!-- table -->\n", end = "<!-- /table -->";
        var page = File.Exists(path) ? await File.ReadAllTextAsync(path, cancellation).ConfigureAwait(false) : "";
        var (from, to) = (page.IndexOf(begin, StringComparison.Ordinal), page.IndexOf(end, StringComparison.Ordinal));
        await File.WriteAllTextAsync(path, from < 0 || to < from ? table : page[..(from + begin.Length)] + table + page[to..], cancellation).ConfigureAwait(false);
    }

    public static string Word(Outcome outcome) => outcome switch { Outcome.Passed => "passed", Outcome.Failed => "FAILED", _ => "unsupported" };

    private static string Loss(Finding finding) => finding.Lost is { } lost ? $"{lost} of {finding.Lines}" : "sends none";
}
