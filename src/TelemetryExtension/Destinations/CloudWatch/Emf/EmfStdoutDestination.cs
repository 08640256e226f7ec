using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch.Emf;

/// <summary>
/// Writes metrics as Embedded Metric Format to standard output. Lambda ships the lines to the function's log group, and CloudWatch extracts the metrics.
/// One call at a time, as for all metrics.
/// </summary>
internal sealed class EmfStdoutDestination(EmfOptions options, TextWriter output, Func<string, string?>? environment = null) : IDestination
{
    private readonly EmfEncoder _encoder = new(options, environment);
    private (string BatchId, Task<DeliveryResult> Write) _currentWrite = ("", Task.FromResult(default(DeliveryResult)));

    public string Name => "emf-stdout";

    public bool Accepts(Signal signal) => signal == Signal.Metrics;

    /// <summary>A write into a full pipe cannot be cancelled, only abandoned. A retry with the same payload waits for the same write.</summary>
    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        if (_currentWrite.BatchId != payload.BatchId)
        {
            await ((Task)_currentWrite.Write).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            _currentWrite = (payload.BatchId, Task.Run(() => Write(payload), CancellationToken.None));
        }

        try
        {
            return await _currentWrite.Write.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The write has ended, so the next attempt starts a new one.
            if (_currentWrite.Write.IsCompleted)
                _currentWrite.BatchId = "";
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
        return new(DeliveryStatus.Delivered, result.Unusable, result.Unusable > 0 ? "values that CloudWatch metrics cannot represent" : null);
    }
}
