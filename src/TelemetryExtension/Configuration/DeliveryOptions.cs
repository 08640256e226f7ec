using TelemetryExtension.Otlp;

namespace TelemetryExtension.Configuration;

/// <summary>
/// The OTLP destinations. None is valid too. The OpenTelemetry names are those of the specification (OTLP exporter configuration). The
/// TELEMETRY_EXTENSION_OTLP_ names take precedence, because the function's own SDK reads the standard names too and may use them for our receiver.
/// With a TELEMETRY_EXTENSION_OTLP_ endpoint no standard setting applies: its protocol, key or certificate belongs to the connection from the SDK.
/// _2_ and _3_ add destinations that get a copy of everything.
/// </summary>
/// <param name="OwnPorts">The ports on which this process listens. Sending to them would loop.</param>
internal sealed record DeliveryOptions(IReadOnlyList<OtlpDestinationOptions> Destinations, IReadOnlyList<int> OwnPorts)
{
    /// <summary>All secrets that the destinations need.</summary>
    public IReadOnlyList<SecretSource> SecretSources =>
        [.. Destinations.SelectMany(static destination => destination.Deferred?.References ?? []).Select(static reference => reference.Source).Distinct()];

    /// <summary>X-Ray itself is a destination of spans, at AWS's OTLP endpoint.</summary>
    public bool ReachesXRay => Destinations.Any(static destination =>
        destination[Signal.Traces] is { } endpoint && endpoint.Url.Host.StartsWith("xray.", StringComparison.OrdinalIgnoreCase));

    private const string Own = "TELEMETRY_EXTENSION_OTLP_";
    private const string Standard = "OTEL_EXPORTER_OTLP_";
    private static readonly Signal[] AllSignals = [Signal.Traces, Signal.Metrics, Signal.Logs];

    /// <param name="ownPorts">The ports on which this process listens. An endpoint that points there is a loop.</param>
    public static DeliveryOptions From(Variables variables, params ReadOnlySpan<int> ownPorts)
    {
        var ports = ownPorts.ToArray();
        var reader = new OtlpEndpointReader(variables, ports);
        var destinations = new List<OtlpDestinationOptions>(3);
        // Like every standard variable, OTEL_..._EXPORTER=none applies to the standard endpoints only. Our own setting overrides it.
        var chosen = reader.Signals(Own + "SIGNALS");
        Add("otlp", chosen, signal => chosen is not null || !IsNone(variables, signal)
            ? [new(Own, StandsAlone: true), new($"{Standard}{signal.ToString().ToUpperInvariant()}_", EndpointIsExact: true), new(Standard)]
            : variables.Text(Own + "ENDPOINT") is not null ? [new(Own, StandsAlone: true)] : []);
        Add("otlp-2", reader.Signals(Own + "2_SIGNALS"), static _ => [new(Own + "2_")]);
        Add("otlp-3", reader.Signals(Own + "3_SIGNALS"), static _ => [new(Own + "3_")]);
        return new(destinations, ports);

        void Add(string name, Signal[]? signals, Func<Signal, OtlpLevel[]> levelsOf)
        {
            var endpoints = new OtlpEndpoint?[AllSignals.Length];
            var deferred = new Dictionary<string, List<Signal>>();
            foreach (var signal in signals ?? AllSignals)
            {
                var levels = levelsOf(signal);
                if (reader.DeferredEndpoint(levels) is { } endpoint)
                    (deferred.TryGetValue(endpoint, out var sharing) ? sharing : deferred[endpoint] = []).Add(signal);
                else
                    endpoints[(int)signal] = reader.Read(signal, levels);
            }

            if (endpoints.Any(endpoint => endpoint is not null))
                destinations.Add(new(name, endpoints));
            foreach (var (endpoint, sharing) in deferred)
                destinations.Add(new(name, new OtlpEndpoint?[AllSignals.Length], DeferredEndpoints.Of(reader, sharing, levelsOf, endpoint)));
        }
    }

    private static bool IsNone(Variables variables, Signal signal) =>
        "none".Equals(variables.Text($"OTEL_{signal.ToString().ToUpperInvariant()}_EXPORTER"), StringComparison.OrdinalIgnoreCase);
}

/// <summary>One destination, with an endpoint for each of its signals, indexed by <see cref="Signal"/>.</summary>
/// <param name="Deferred">In their place, where secrets are in the settings.</param>
internal sealed record OtlpDestinationOptions(string Name, OtlpEndpoint?[] Endpoints, DeferredEndpoints? Deferred = null)
{
    public OtlpEndpoint? this[Signal signal] => Endpoints[(int)signal];
}
