using System.Globalization;
using Spectre.Console;

namespace LambdaSandbox.CommandLine;

/// <summary>The output that all demos share, wherever their telemetry goes.</summary>
internal sealed class DemoConsole
{
    private int _count;

    /// <summary>A redirected console has no width, and its reader treats escape sequences as text.</summary>
    public DemoConsole()
        : this(System.Console.IsOutputRedirected ? Redirected(System.Console.Out) : AnsiConsole.Console)
    {
    }

    private DemoConsole(IAnsiConsole console) => Console = console;

    public IAnsiConsole Console { get; }

    public static IAnsiConsole Redirected(TextWriter output)
    {
        var console = AnsiConsole.Create(new()
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 180;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }

    /// <param name="destination">A line about the destination of the telemetry.</param>
    public void Started(Sandbox sandbox, string destination)
    {
        Heading("a local Lambda");
        Line(destination);
        foreach (var extension in sandbox.Extensions)
            Line($"extension  {extension.Name}: {extension.State}, registered for {string.Join(", ", extension.Events)}");
        var init = sandbox.Init!;
        Line($"init       {init.Status} in {Durations.Print(init.Duration)}{(init.ErrorType is null ? "" : $" ({init.ErrorType})")}");
        foreach (var text in new[] { init.Reason, init.Advice }.OfType<string>())
            Line($"           {text}");
    }

    public void Invoked(string title, string? payload, InvocationResult result)
    {
        Heading($"{++_count}. {title}");
        if (_count > 1)
            foreach (var process in result.Frozen)
                Line($"frozen     {process.Name} (pid {process.Pid}) had been stopped for {Durations.Print(process.StoppedFor)}");
        if (payload is not null)
            Line($"event      {payload}");
        Line($"answer     {result.Error?.Body ?? result.Payload}");
        if (result.Error?.Advice is { } advice)
            Line($"           -> {advice}");
        var response = Durations.Print(result.ResponseTime ?? result.Duration);
        Line($"{result.Status,-10} response after {response}, extension overhead {Durations.Print(result.ExtensionOverhead)}, billed {Durations.Print(result.BilledDuration)}");
        Line("");
    }

    public void ShutDown(ShutdownResult end, IReadOnlyList<string> said)
    {
        Heading("SHUTDOWN");
        Line($"{end.Reason} in {Durations.Print(end.Duration)}: {(end.Drained ? "drained" : "NOT drained")}, SIGKILL {(end.KillNeeded ? "needed" : "not needed")}");
        foreach (var process in end.Frozen)
            Line($"frozen     {process.Name} (pid {process.Pid}): {Durations.Print(process.StoppedFor)} in all");
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
}
