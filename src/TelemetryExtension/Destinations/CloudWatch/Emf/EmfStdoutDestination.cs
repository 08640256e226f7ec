using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch.Emf;

/// <summary>
/// Metrics as Embedded Metric Format on standard output: Lambda ships the lines to the function's log group, CloudWatch makes metrics of them. One call
/// at a time, as metrics are delivered.
/// </summary>
internal sealed class EmfStdoutDestination(EmfOptions options, TextWriter output, Func<string, string?>? environment = null) : IDestination
{
    private readonly EmfEncoder _encoder = new(options, environment);
    private (string BatchId, Task<DeliveryResult> Write) _underWay = ("", Task.FromResult(default(DeliveryResult)));

    public string Name => "emf-stdout";

    public bool Accepts(Signal signal) => signal == Signal.Metrics;

    /// <summary>A write into a full pipe cannot be called off, only left behind: who comes again with the same payload waits for it again.</summary>
    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        if (_underWay.BatchId != payload.BatchId)
        {
            await ((Task)_underWay.Write).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            _underWay = (payload.BatchId, Task.Run(() => Write(payload), CancellationToken.None));
        }

        try
        {
            return await _underWay.Write.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Whatever came of it, the next try is a new one.
            if (_underWay.Write.IsCompleted)
                _underWay.BatchId = "";
        }
    }

    private DeliveryResult Write(OtlpPayload payload)
    {
        var result = _encoder.Encode(payload.Body.Span, payload.Created);
        try
        {
            foreach (var logEvent in result.Events)
                output.WriteLine(logEvent.Message);
            output.Flush();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return new(DeliveryStatus.Retryable, Message: Reason.Of(exception));
        }

        _encoder.Commit();
        return new(DeliveryStatus.Delivered, result.Unusable, result.Unusable > 0 ? "values that CloudWatch metrics cannot hold" : null);
    }
}
