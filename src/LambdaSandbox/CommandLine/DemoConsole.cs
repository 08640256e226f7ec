using System.Globalization;
using Spectre.Console;

namespace LambdaSandbox.CommandLine;

/// <summary>What the demos say alike, wherever their telemetry goes.</summary>
internal sealed class DemoConsole
{
    private int _count;

    public DemoConsole()
    {
        // A redirected console has no width of its own.
        if (System.Console.IsOutputRedirected)
            Console.Profile.Width = 132;
    }

    public IAnsiConsole Console { get; } = AnsiConsole.Console;

    /// <param name="destination">A line about where telemetry goes.</param>
    public void Started(Sandbox sandbox, string destination)
    {
        Heading("a local Lambda, with the layer");
        Line(destination);
        foreach (var extension in sandbox.Extensions)
            Line($"extension  {extension.Name}: {extension.State}, registered for {string.Join(", ", extension.Events)}");
        Line($"init       {sandbox.Init!.Status} in {Ms(sandbox.Init.Duration)}");
    }

    public void Invoked(DemoStep step, InvocationResult result)
    {
        Heading($"{++_count}. {step.Title}");
        if (_count > 1)
            foreach (var process in result.Frozen)
                Line($"frozen     {process.Name} (pid {process.Pid}) had been stopped for {Ms(process.StoppedFor)}");
        Line($"event      {step.Payload}");
        Line($"answer     {result.Error?.Body ?? result.Payload}");
        Line($"{result.Status,-10} response after {Ms(result.ResponseTime ?? result.Duration)}, extension overhead {Ms(result.ExtensionOverhead)}, billed {Ms(result.BilledDuration)}");
        Line("");
    }

    public void ShutDown(ShutdownResult end, IReadOnlyList<string> said)
    {
        Heading("SHUTDOWN");
        Line($"{end.Reason} in {Ms(end.Duration)}: {(end.Drained ? "drained" : "NOT drained")}, SIGKILL {(end.KillNeeded ? "needed" : "not needed")}");
        foreach (var process in end.Frozen)
            Line($"frozen     {process.Name} (pid {process.Pid}): {Ms(process.StoppedFor)} in all");
        foreach (var line in said)
            Line(line);
        Line("");
    }

    public void Ended(IReadOnlyList<LedgerLine> ledger, IReadOnlyList<DemoCheck> checks)
    {
        Heading("ledger of the extension");
        Console.Write(Table(ledger));
        Line("");
        foreach (var check in checks)
            Console.MarkupLine($"{(check.Passed ? "[green]ok[/]    " : "[red]FAILED[/]")}  {Markup.Escape(check.Text)}");
    }

    public void Heading(string text)
    {
        Console.WriteLine();
        Console.Write(new Rule(Markup.Escape(text)).LeftJustified());
    }

    public void Line(string text) => Console.WriteLine(text);

    private static Table Table(IReadOnlyList<LedgerLine> ledger)
    {
        var table = new Table().Border(TableBorder.Minimal);
        table.AddColumns("records", "received", "exported", "rejected", "dead-lettered", "spooled", "buffered", "dropped", "why");
        foreach (var line in ledger)
            table.AddRow(
                line.Account, N(line.Received), N(line.Exported), N(line.Rejected), N(line.DeadLettered), N(line.Spooled), N(line.Buffered),
                N(line.Dropped), Markup.Escape(line.Reasons));
        return table;

        static string N(long value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private static string Ms(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:F1} ms");
}
