using LambdaSandbox.Backend;

namespace LambdaSandbox.CommandLine;

/// <summary>Tells people or programs what the demo shows.</summary>
internal interface IDemoReport
{
    void Started(Sandbox sandbox, OtlpBackend backend);

    void Invoked(DemoStep step, InvocationResult result, OtlpBackend backend);

    /// <param name="said">What the extension printed.</param>
    void Ended(ShutdownResult end, OtlpBackend backend, IReadOnlyList<string> said, IReadOnlyList<LedgerLine> ledger, IReadOnlyList<DemoCheck> checks);
}
