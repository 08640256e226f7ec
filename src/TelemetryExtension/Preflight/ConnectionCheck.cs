using Amazon.CloudWatchLogs;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Otlp;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.Preflight;

/// <summary>Tries each OTLP destination: its secrets, the network, and an export without data for each signal by the code that runs in Lambda.</summary>
internal static class ConnectionCheck
{
    public static async Task<IReadOnlyList<CheckedConnection>> RunAsync(ExtensionOptions options, Func<string, string?> variable, TimeProvider time, CancellationToken cancellationToken)
    {
        var secrets = SecretStore.Of(options.Secrets, options.Aws, time);
        var logs = new Lazy<AmazonCloudWatchLogsClient>(() => CloudWatchLogsClientFactory.Create(options.Aws), LazyThreadSafetyMode.PublicationOnly);
        var aws = new AwsRequests(options.Aws, () => new(options.Resource.FunctionName, null, null), logs, time);
        var connections = new List<CheckedConnection>();
        foreach (var destination in options.Delivery.Destinations)
        {
            var endpoints = destination.Endpoints;
            if (destination.Deferred is { } deferred)
            {
                var started = time.GetTimestamp();
                var values = await secrets.GetAsync([.. deferred.References.Select(static reference => reference.Source).Distinct()], cancellationToken).ConfigureAwait(false);
                if (values is null || deferred.References.Any(reference => values.Of(reference) is null))
                {
                    var step = new CheckStep("secrets", false, "a secret cannot be read, see the problems", time.GetElapsedTime(started));
                    connections.Add(new($"{destination.Name} {deferred.ShownEndpoint}", [step]));
                    continue;
                }

                endpoints = deferred.Read(values.Of, new());
            }

            foreach (var group in endpoints.OfType<OtlpEndpoint>().GroupBy(static endpoint => (endpoint.Protocol, endpoint.Origin, endpoint.Tls, IsAws: endpoint.Aws is not null)))
                connections.Add(await OriginAsync(destination, [.. endpoints.Select(endpoint => endpoint is not null && group.Contains(endpoint) ? endpoint : null)]).ConfigureAwait(false));
        }

        return connections;

        async Task<CheckedConnection> OriginAsync(OtlpDestinationOptions destination, OtlpEndpoint?[] endpoints)
        {
            var first = endpoints.OfType<OtlpEndpoint>().First();
            var steps = new List<CheckStep>(await NetworkCheck.RunAsync(first, variable, time, cancellationToken).ConfigureAwait(false));
            if (steps.TrueForAll(static step => step.Works))
            {
                var sender = OtlpDestinations.Create(options.Delivery with { Destinations = [new(destination.Name, endpoints)] }, time, secrets, aws)[0];
                using (sender as IDisposable)
                    foreach (var signal in Enum.GetValues<Signal>().Where(sender.Accepts))
                        steps.Add(await ExportAsync(sender, signal, time, cancellationToken).ConfigureAwait(false));
            }

            return destination.Deferred is { EndpointIsSecret: true } hidden
                ? new($"{destination.Name} {hidden.ShownEndpoint}", [.. steps.Select(WithoutDetail)])
                : new($"{destination.Name} {first.Origin}", steps);
        }
    }

    /// <summary>An address that is a secret must not show.</summary>
    private static CheckStep WithoutDetail(CheckStep step) => step with { Detail = "" };

    private static async Task<CheckStep> ExportAsync(IDestination sender, Signal signal, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var result = await sender.DeliverAsync(new(signal, ReadOnlyMemory<byte>.Empty, 0, time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
        var detail = result.Status == DeliveryStatus.Delivered ? $"took an export without data{(result.Message is null ? "" : $" ({result.Message})")}" : result.Message ?? "not taken";
        if (RefusalAdvice.For(sender.Name, signal, result) is { } advice)
            detail += $"; {advice}";
        return new(signal.ToString().ToLowerInvariant(), result.Status == DeliveryStatus.Delivered, detail, time.GetElapsedTime(started));
    }
}
