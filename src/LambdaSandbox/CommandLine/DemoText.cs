using System.Globalization;
using LambdaSandbox.Backend;
using Spectre.Console;

namespace LambdaSandbox.CommandLine;

/// <summary>The demo for people: each invocation as a tree as soon as it is over, then what came late, the metrics, the ledger and the checks.</summary>
internal sealed class DemoText : IDemoReport
{
    private readonly IAnsiConsole _console = AnsiConsole.Console;
    private readonly InvocationPrinter _printer;
    private int _count;

    public DemoText()
    {
        // A redirected console has no width of its own.
        if (Console.IsOutputRedirected)
            _console.Profile.Width = 132;
        _printer = new InvocationPrinter(_console);
    }

    public void Started(Sandbox sandbox, OtlpBackend backend)
    {
        Heading("a local Lambda, with the layer");
        Line($"backend    OTLP/HTTP on {backend.HttpUrl}");
        foreach (var extension in sandbox.Extensions)
            Line($"extension  {extension.Name}: {extension.State}, registered for {string.Join(", ", extension.Events)}");
        Line($"init       {sandbox.Init!.Status} in {Ms(sandbox.Init.Duration)}");
    }

    public void Invoked(DemoStep step, InvocationResult result, OtlpBackend backend)
    {
        Heading($"{++_count}. {step.Title}");
        if (_count > 1)
            foreach (var process in result.Frozen)
                Line($"frozen     {process.Name} (pid {process.Pid}) had been stopped for {Ms(process.StoppedFor)}");
        Line($"event      {step.Payload}");
        Line($"answer     {result.Error?.Body ?? result.Payload}");
        Line($"{result.Status,-10} response after {Ms(result.ResponseTime ?? result.Duration)}, extension overhead {Ms(result.ExtensionOverhead)}, billed {Ms(result.BilledDuration)}");
        _console.WriteLine();
        if (!_printer.Invocation(result.RequestId, backend.Spans, backend.LogRecords))
            Line("(nothing has arrived of it yet)");
    }

    public void Ended(ShutdownResult end, OtlpBackend backend, IReadOnlyList<string> said, IReadOnlyList<LedgerLine> ledger, IReadOnlyList<DemoCheck> checks)
    {
        Heading("SHUTDOWN");
        Line($"{end.Reason} in {Ms(end.Duration)}: {(end.Drained ? "drained" : "NOT drained")}, SIGKILL {(end.KillNeeded ? "needed" : "not needed")}");
        foreach (var process in end.Frozen)
            Line($"frozen     {process.Name} (pid {process.Pid}): {Ms(process.StoppedFor)} in all");
        foreach (var line in said)
            Line(line);
        _console.WriteLine();
        _printer.Rest(backend.Spans, backend.LogRecords, backend.Metrics);
        Heading("ledger of the extension");
        _console.Write(Table(ledger));
        _console.WriteLine();
        foreach (var check in checks)
            _console.MarkupLine($"{(check.Passed ? "[green]ok[/]    " : "[red]FAILED[/]")}  {Markup.Escape(check.Text)}");
    }

    private static Table Table(IReadOnlyList<LedgerLine> ledger)
    {
        var table = new Table().Border(TableBorder.Minimal);
        table.AddColumns("records", "received", "exported", "rejected", "dead-lettered", "buffered", "dropped", "why");
        foreach (var line in ledger)
            table.AddRow(
                line.Account, N(line.Received), N(line.Exported), N(line.Rejected), N(line.DeadLettered), N(line.Buffered), N(line.Dropped), Markup.Escape(line.Reasons));
        return table;

        static string N(long value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private void Heading(string text)
    {
        _console.WriteLine();
        _console.Write(new Rule(Markup.Escape(text)).LeftJustified());
    }

    private void Line(string text) => _console.WriteLine(text);

    private static string Ms(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:F1} ms");
}
