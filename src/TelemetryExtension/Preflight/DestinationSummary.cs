using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Preflight;

/// <summary>Where telemetry would go, in words.</summary>
internal static class DestinationSummary
{
    public static IReadOnlyList<CheckedDestination> Of(ExtensionOptions options)
    {
        var destinations = options.Delivery.Destinations.Select(static destination => new CheckedDestination(destination.Name, Details(destination))).ToList();
        if (options.CloudWatch.Target is { } target)
            destinations.Add(new("cloudwatch", [$"log group {target.Group}, log stream {target.Stream}"]));
        if (options.CloudWatch.Emf.Output == EmfOutput.Stdout)
            destinations.Add(new("emf", ["metrics as Embedded Metric Format on standard output"]));
        return destinations;
    }

    private static List<string> Details(OtlpDestinationOptions destination) => destination.Deferred is { } deferred
        ? [$"{string.Join(", ", deferred.Signals.Select(Name))}: {deferred.ShownEndpoint}, with {string.Join(", ", deferred.References)}"]
        : [.. Enum.GetValues<Signal>().Where(signal => destination[signal] is not null).Select(signal => $"{Name(signal)}: {Detail(destination[signal]!)}")];

    private static string Detail(OtlpEndpoint endpoint)
    {
        var words = new List<string>
        {
            endpoint.ToString(),
            endpoint.Protocol == OtlpProtocol.Grpc ? "grpc" : "http/protobuf",
            endpoint.Gzip ? "gzip" : "no compression",
            endpoint.Timeout > TimeSpan.Zero ? $"timeout {Quantity.Text(endpoint.Timeout)}" : "no timeout",
        };
        if (endpoint.Headers.Count > 0)
            words.Add("headers " + string.Join(" ", endpoint.Headers.Select(static header => header.Key)));
        if (endpoint.Aws is { Signs: true } aws)
            words.Add($"signed for {aws.Name} in {aws.Region}");
        if (endpoint.Tls.Certificate is { } authorities)
            words.Add($"trusts {authorities}");
        if (endpoint.Tls.ClientCertificate is { } certificate)
            words.Add($"client certificate {certificate}");
        return string.Join(", ", words);
    }

    private static string Name(Signal signal) => signal.ToString().ToLowerInvariant();
}
