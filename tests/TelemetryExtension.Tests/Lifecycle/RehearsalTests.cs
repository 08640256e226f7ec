using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Lifecycle;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>The log of the process is looked at.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class RehearsalTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    public void Run_MadeUpInvocation_GoesAllTheWayAndSaysNothing(string compression)
    {
        var lines = new List<string>();
        var (output, level) = (Log.Output, Log.Level);
        (Log.Output, Log.Level) = (lines.Add, LogLevel.Debug);
        try
        {
            var ledger = Rehearsal(compression).Run(CancellationToken.None);
            foreach (var account in Enum.GetValues<LedgerAccount>())
                Assert.Equal((account, true, ledger[account].Received), (account, ledger[account].Received > 0, ledger[account].Exported));
        }
        finally
        {
            (Log.Output, Log.Level) = (output, level);
        }

        Assert.Empty(lines);
    }

    [Fact]
    public void Run_Stopped_SendsNothing()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Equal(0, Rehearsal("none").Run(stop.Token)[LedgerAccount.Logs].Exported);
    }

    private static Rehearsal Rehearsal(string compression)
    {
        var variables = new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://backend.invalid:4318", ["OTEL_EXPORTER_OTLP_COMPRESSION"] = compression }.Read();
        return new(ExtensionOptions.Load(variables, TelemetryOptions.From(variables), ReceiverOptions.From(variables), []), TimeProvider.System);
    }
}
