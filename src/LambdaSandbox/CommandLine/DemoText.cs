using LambdaSandbox.Backend;
using Spectre.Console;

namespace LambdaSandbox.CommandLine;

/// <summary>The demo for people: each invocation as a tree as soon as it is over, then what came late, the metrics, the ledger and the checks.</summary>
internal sealed class DemoText : IDemoReport
{
    private readonly DemoConsole _demo = new();
    private readonly IAnsiConsole _console;
    private readonly InvocationPrinter _printer;

    public DemoText()
    {
        _console = _demo.Console;
        _printer = new InvocationPrinter(_console);
    }

    public void Started(Sandbox sandbox, OtlpBackend backend) => _demo.Started(sandbox, $"backend    OTLP/HTTP on {backend.HttpUrl}");

    public void Invoked(DemoStep step, InvocationResult result, OtlpBackend backend)
    {
        _demo.Invoked(step, result);
        if (!_printer.Invocation(result.RequestId, backend.Spans, backend.LogRecords))
            _demo.Line("(nothing has arrived of it yet)");
    }

    public void Ended(ShutdownResult end, OtlpBackend backend, IReadOnlyList<string> said, IReadOnlyList<LedgerLine> ledger, IReadOnlyList<DemoCheck> checks)
    {
        _demo.ShutDown(end, said);
        _printer.Rest(backend.Spans, backend.LogRecords, backend.Metrics);
        _demo.Ended(ledger, checks);
    }
}
