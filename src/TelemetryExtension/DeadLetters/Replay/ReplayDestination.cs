using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>Creates the sender for a replay. It uses the code that runs in Lambda, with the target from the command line.</summary>
internal static class ReplayDestination
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <param name="environment">Supplies OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_KEY and _CLIENT_CERTIFICATE, but not the endpoint.</param>
    /// <param name="notes">Gets a line for each oddity of a target that can be used.</param>
    /// <exception cref="ArgumentException">The target is invalid.</exception>
    public static IDestination Create(ReplayTarget target, Variables environment, TimeProvider time, TextWriter notes)
    {
        var headers = string.Join(',', target.Headers.Select(static header => $"{header.Key}={Uri.EscapeDataString(header.Value)}"));
        foreach (var (name, value) in target.Headers)
            if (OtlpHeaders.Problem(name.ToLowerInvariant(), value) is { } problem)
                throw new ArgumentException($"--header {name}=... cannot be sent: {problem}");
        var problems = new SettingProblems();
        var options = DeliveryOptions.From(new Variables(
            name => name switch
            {
                Endpoint => target.Endpoint.OriginalString,
                "OTEL_EXPORTER_OTLP_PROTOCOL" => target.Protocol,
                "OTEL_EXPORTER_OTLP_HEADERS" => headers,
                "OTEL_EXPORTER_OTLP_COMPRESSION" => "gzip",
                "OTEL_EXPORTER_OTLP_CERTIFICATE" or "OTEL_EXPORTER_OTLP_CLIENT_KEY" or "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE" => environment.Text(name),
                _ => null,
            },
            problems));
        // The command line says --endpoint where Lambda has a variable.
        var said = problems.Messages.Select(static message => message.Replace(Endpoint, "--endpoint", StringComparison.Ordinal)).ToList();
        if (OtlpDestinations.Create(options, time, SecretStore.Of(SecretOptions.From(environment), AwsOptions.From(environment), time), new(AwsOptions.From(environment), () => new(null, null, null), new(() => CloudWatchLogsClientFactory.Create(AwsOptions.From(environment))), time)) is not [var destination])
            throw new ArgumentException($"--endpoint cannot be used: {string.Join("; ", said)}");
        foreach (var note in said)
            notes.WriteLine($"replay: {note}");
        return destination;
    }
}
