using LambdaSandbox.Backend;
using LambdaSandbox.Serving;
using Spectre.Console;

namespace LambdaSandbox.CommandLine;

/// <summary>For people: prints each invocation as a tree when it is over, and at the end late telemetry, the metrics and the ledger.</summary>
internal class ViewReport : IReport
{
    private readonly Lock sync = new();
    private readonly RunView view;
    private readonly DemoConsole demo = new();
    private readonly InvocationPrinter printer;
    private readonly List<string> said = [];
    private int ended;

    public ViewReport(RunView view)
    {
        this.view = view;
        printer = new InvocationPrinter(demo.Console);
    }

    protected DemoConsole Demo => demo;

    public virtual void Note(string text) => Write(() => demo.Line($"note       {text}"));

    /// <summary>Ignores the function's lines, which arrive as log records and are shown in their traces.</summary>
    public virtual void Line(int environment, string source, string text)
    {
    }

    public virtual void Starting(PooledEnvironment environment)
    {
    }

    public virtual void Started(PooledEnvironment environment) =>
        Write(() => demo.Started(environment.Sandbox, $"backend    OTLP/HTTP on {view.Backend.HttpUrl}"));

    public virtual void Invoked(PooledEnvironment environment, InvocationResult result) => Write(() =>
    {
        var (title, payload) = Describe(result);
        demo.Invoked(title, payload, result);
        if (!printer.Invocation(result.RequestId, view.Backend.Spans, view.Backend.LogRecords))
            demo.Line("(nothing of it has arrived yet)");
    });

    public virtual void Ended(PooledEnvironment environment, ShutdownResult result)
    {
        var output = environment.Sandbox.Extensions.SelectMany(extension => extension.Output).ToList();
        Write(() =>
        {
            ended++;
            said.AddRange(output);
            demo.ShutDown(result, output);
        });
    }

    public virtual void Finished(string? failure) => Write(() =>
    {
        printer.Rest(view.Backend.Spans, view.Backend.LogRecords, view.Backend.Metrics);
        Conclude(ended == 1 ? LedgerLine.Read(said) : []);
        if (failure is not null)
            demo.Console.MarkupLine($"[red]exit code 1[/]  {Markup.Escape(failure)}");
    });

    protected virtual (string Title, string? Payload) Describe(InvocationResult result) => (result.RequestId, null);

    protected virtual void Conclude(IReadOnlyList<LedgerLine> ledger)
    {
        if (ledger.Count > 0)
            demo.Ended(ledger, []);
    }

    protected void Write(Action write)
    {
        lock (sync)
            write();
    }
}
