using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>
/// AWS's own OTLP endpoints: X-Ray for traces, CloudWatch for logs and metrics. They speak OTLP over HTTP/1.1, with limits of their own, and want the log
/// group and the log stream to exist.
/// </summary>
internal sealed class AwsOtlpDestination(OtlpHttpDestination inner, OtlpEndpoint?[] endpoints, AwsRequests aws) : IDestination, IDisposable
{
    private static readonly string[] MissingWords = ["ResourceNotFoundException", "does not exist"];

    public string Name => inner.Name;

    public bool Accepts(Signal signal) => inner.Accepts(signal);

    public bool IsCold => inner.IsCold;

    public void Prepare(CancellationToken stop) => inner.Prepare(stop);

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var endpoint = endpoints[(int)payload.Signal]!;
        // The outbox cuts it in two, like one that a backend refused for its size, without sending it.
        if (payload.Records > 1 && AwsLimits.Exceeds(endpoint.Aws!.Name, payload))
            return new(DeliveryStatus.Refused, MayBeTooLargeOrPoisoned: true, IsTooLarge: true);
        var result = await inner.DeliverAsync(payload, cancellationToken);
        if (endpoint.Aws!.Name == AwsService.Logs && IsMissing(result) && await aws.TryCreateLogTargetAsync(endpoint, cancellationToken))
            result = await inner.DeliverAsync(payload, cancellationToken);
        return result.IsAboutKey && endpoint.Aws.Signs
            ? result with { Message = $"signed for {endpoint.Aws.Name} in {endpoint.Aws.Region} with the function's role, which may lack the permission: {result.Message}" }
            : result;
    }

    public void Dispose() => inner.Dispose();

    private static bool IsMissing(DeliveryResult result) => result is { Status: DeliveryStatus.Refused, Message: { } message }
        && Array.Exists(MissingWords, word => message.Contains(word, StringComparison.OrdinalIgnoreCase));
}
