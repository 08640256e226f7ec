using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>Creates the sender for a replay. It uses the code that runs in Lambda, with the target from the command line.</summary>
internal static class ReplayDestination
{
    /// <param name="environment">Supplies OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_KEY and _CLIENT_CERTIFICATE, but not the endpoint.</param>
    /// <exception cref="ArgumentException">The target is invalid.</exception>
    public static IDestination Create(ReplayTarget target, Variables environment, TimeProvider time)
    {
        var headers = string.Join(',', target.Headers.Select(static header => $"{header.Key}={Uri.EscapeDataString(header.Value)}"));
        foreach (var (name, value) in target.Headers)
            if (OtlpHeaders.Problem(name.ToLowerInvariant(), value) is { } problem)
                throw new ArgumentException($"--header {name}=... cannot be sent: {problem}");
        var problems = new SettingProblems();
        var options = DeliveryOptions.From(new Variables(
            name => name switch
            {
                "TELEMETRY_EXTENSION_OTLP_ENDPOINT" => target.Endpoint.OriginalString,
                "TELEMETRY_EXTENSION_OTLP_PROTOCOL" => target.Protocol,
                "TELEMETRY_EXTENSION_OTLP_HEADERS" => headers,
                "TELEMETRY_EXTENSION_OTLP_COMPRESSION" => "gzip",
                "TELEMETRY_EXTENSION_OTLP_CERTIFICATE" => environment.Text("OTEL_EXPORTER_OTLP_CERTIFICATE"),
                "TELEMETRY_EXTENSION_OTLP_CLIENT_KEY" => environment.Text("OTEL_EXPORTER_OTLP_CLIENT_KEY"),
                "TELEMETRY_EXTENSION_OTLP_CLIENT_CERTIFICATE" => environment.Text("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"),
                _ => null,
            },
            problems));
        return OtlpDestinations.Create(options, time) is [var destination] && problems.Messages.Count == 0
            ? destination
            : throw new ArgumentException("--endpoint cannot be used: " + string.Join("; ", problems.Messages));
    }
}
