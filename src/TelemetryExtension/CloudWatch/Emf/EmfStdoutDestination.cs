using TelemetryExtension.Export;

namespace TelemetryExtension.CloudWatch.Emf;

/// <summary>Metrics as Embedded Metric Format on standard output: Lambda ships the lines to the function's log group, CloudWatch makes metrics of them.</summary>
internal sealed class EmfStdoutDestination(EmfOptions options, TextWriter output) : IDestination
{
    private readonly EmfEncoder _encoder = new(options);

    public string Name => "emf-stdout";

    public bool Accepts(Signal signal) => signal == Signal.Metrics;

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var result = _encoder.Encode(payload.Body.Span, payload.Created);
        try
        {
            foreach (var logEvent in result.Events)
                await output.WriteLineAsync(logEvent.Message.AsMemory(), cancellationToken).ConfigureAwait(false);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return new(DeliveryStatus.Retryable, Message: Reason.Of(exception));
        }

        _encoder.Commit();
        return new(DeliveryStatus.Delivered, result.Unusable, result.Unusable > 0 ? "values that CloudWatch metrics cannot hold" : null);
    }
}
