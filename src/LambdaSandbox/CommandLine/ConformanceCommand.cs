using System.CommandLine;
using LambdaSandbox.Conformance;

namespace LambdaSandbox.CommandLine;

/// <summary>`lambda-sandbox conformance`: named checks that any extension must pass.</summary>
internal static class ConformanceCommand
{
    public static Command Create()
    {
        var extension = new Option<string>("--extension") { Description = "The extension: its file, or a layer (a zip, or an unpacked folder)", Required = true };
        var env = new Option<string[]>("--env") { Description = "A variable, NAME=value; {port} stands for a free port; may be repeated" };
        var only = new Option<string[]>("--only") { Description = "Run this check alone; may be repeated" };
        var json = new Option<bool>("--json") { Description = "One JSON document instead of the table" };
        var junit = new Option<string?>("--junit") { Description = "Write the result to this file, as JUnit does" };
        var markdown = new Option<string?>("--markdown") { Description = "Write the table to this file; in a page that has them, between <!-- table --> and <!-- /table -->" };
        var costs = new Option<bool>("--costs") { Description = "Measure what the extension adds in ms, CPU and MB" };
        var seed = new Option<int>("--seed") { Description = "The same seed makes the same faults", DefaultValueFactory = _ => 1 };
        var mounts = FunctionOptions.Choice("--private-mounts", "Own /tmp and /opt", "auto", "on", "off");
        var command = new Command("conformance", "Checks an extension: its life, every fault of Lambda and of the backend; exit code 1 when a check fails")
        {
            extension, env, only, json, junit, markdown, costs, seed, mounts,
        };
        command.SetAction((parsed, cancellation) => Interruptible.RunAsync(
            async stopping =>
            {
                using var subject = Subject.At(parsed.GetValue(extension)!);
                var options = new SandboxOptions
                {
                    Layers = [subject.Layer],
                    FunctionName = "conformance",
                    Environment = FunctionOptions.Variables(parsed.GetValue(env) ?? []),
                    MemorySizeMb = 256,
                    PrivateMounts = PrivateMounts.Choose(parsed.GetValue(mounts)!, [], []),
                };
                var checks = Chosen(parsed.GetValue(only) ?? []);
                var quiet = parsed.GetValue(json);
                var findings = await new ConformanceRun(options, parsed.GetValue(seed)).RunAsync(
                    checks, finding => Console.Out.WriteLineUnless(quiet, ConformanceTable.Line(finding)), stopping);
                var result = new ConformanceResult(
                    Path.GetFileName(Path.TrimEndingDirectorySeparator(parsed.GetValue(extension)!)), findings,
                    parsed.GetValue(costs) ? await Costs.MeasureAsync(options, parsed.GetValue(seed), stopping) : null);
                Console.Out.WriteLine(quiet ? ConformanceDocuments.Json(result).ToJsonString(JsonReport.Json) : "\n" + ConformanceTable.Summary(result));
                if (parsed.GetValue(junit) is { } file)
                    ConformanceDocuments.JUnit(result).Save(file);
                if (parsed.GetValue(markdown) is { } page)
                    await ConformanceTable.WriteAsync(page, ConformanceTable.Markdown(result), stopping);
                return result.Failed == 0 ? 0 : 1;
            },
            cancellation));
        return command;
    }

    private static IReadOnlyList<Check> Chosen(string[] names)
    {
        if (names.FirstOrDefault(name => Checks.All.All(check => check.Name != name)) is { } unknown)
            throw new SandboxException($"--only: {unknown} is no check; there are {string.Join(", ", Checks.All.Select(check => check.Name))}");
        return names.Length == 0 ? Checks.All : [.. Checks.All.Where(check => names.Contains(check.Name))];
    }

    private static void WriteLineUnless(this TextWriter writer, bool quiet, string text)
    {
        if (!quiet)
            writer.WriteLine(text);
    }
}
