using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace LambdaSandbox.Conformance;

/// <summary>Writes the result for programs.</summary>
internal static class ConformanceDocuments
{
    public static JsonObject Json(ConformanceResult result) => new()
    {
        ["extension"] = result.Extension,
        ["failed"] = result.Failed,
        ["checks"] = new JsonArray([.. result.Findings.Select(finding => new JsonObject
        {
            ["name"] = finding.Check.Name,
            ["promise"] = finding.Check.Promise,
            ["outcome"] = finding.Outcome.ToString().ToLowerInvariant(),
            ["reason"] = finding.Reason,
            ["faults"] = new JsonArray([.. finding.Check.Scenario.Faults.Select(fault => JsonValue.Create(fault))]),
            ["lines"] = finding.Lines,
            ["lost"] = finding.Lost,
            ["printed"] = new JsonArray([.. finding.Printed.Select(line => JsonValue.Create(line))]),
            ["duration"] = Math.Round(finding.Took.TotalMilliseconds, 1),
        })]),
        ["costs"] = result.Costs is { } costs ? new JsonObject
        {
            ["init"] = Math.Round(costs.InitMs, 2),
            ["invocation"] = Math.Round(costs.InvocationMs, 2),
            ["cpu"] = Math.Round(costs.CpuMs, 3),
            ["memoryMb"] = Math.Round(costs.MemoryMb, 2),
            ["shutdown"] = Math.Round(costs.ShutdownMs, 1),
        } : null,
    };

    /// <summary>Writes the format of test runners: one suite, with a test case for each check.</summary>
    public static XDocument JUnit(ConformanceResult result) => new(new XElement(
        "testsuite",
        new XAttribute("name", result.Extension),
        new XAttribute("tests", result.Findings.Count),
        new XAttribute("failures", result.Failed),
        new XAttribute("skipped", result.Findings.Count(finding => finding.Outcome == Outcome.Unsupported)),
        new XAttribute("time", Seconds(TimeSpan.FromTicks(result.Findings.Sum(finding => finding.Took.Ticks)))),
        result.Findings.Select(finding => new XElement(
            "testcase",
            new XAttribute("classname", "lambda-sandbox.conformance"),
            new XAttribute("name", finding.Check.Name),
            new XAttribute("time", Seconds(finding.Took)),
            finding.Outcome switch
            {
                Outcome.Failed => new XElement("failure", new XAttribute("message", finding.Reason ?? "")),
                Outcome.Unsupported => new XElement("skipped", new XAttribute("message", finding.Reason ?? "")),
                _ => null,
            }))));

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("F3", CultureInfo.InvariantCulture);
}
