using TelemetryExtension.Otlp;

namespace TelemetryExtension.Configuration;

/// <summary>
/// The OTLP destinations; to have none is no error. The OpenTelemetry names are those of the specification (OTLP exporter configuration). The
/// TELEMETRY_EXTENSION_OTLP_ ones win over them, because the function's own SDK reads the standard names too and may point them at our receiver. With
/// an endpoint of our own nothing of the standard names holds: the protocol, key or certificate there is meant for the way from the SDK.
/// _2_ and _3_ add destinations that get a copy of everything.
/// </summary>
/// <param name="OwnPorts">Ports this process listens on: what is sent there goes in circles.</param>
internal sealed record DeliveryOptions(IReadOnlyList<OtlpDestinationOptions> Destinations, IReadOnlyList<int> OwnPorts)
{
    private const string Own = "TELEMETRY_EXTENSION_OTLP_";
    private const string Standard = "OTEL_EXPORTER_OTLP_";
    private static readonly Signal[] AllSignals = [Signal.Traces, Signal.Metrics, Signal.Logs];

    /// <param name="ownPorts">Ports this process listens on: an endpoint that points there is a loop.</param>
    public static DeliveryOptions From(Variables variables, params ReadOnlySpan<int> ownPorts)
    {
        var ports = ownPorts.ToArray();
        var reader = new OtlpEndpointReader(variables, ports);
        var destinations = new List<OtlpDestinationOptions>(3);
        // OTEL_..._EXPORTER=none holds for the standard endpoints only, like every standard variable, and gives way to a choice of our own.
        var isChosen = variables.Text(Own + "SIGNALS") is not null;
        Add("otlp", reader.Signals(Own + "SIGNALS"), signal => isChosen || !IsNone(variables, signal)
            ? [new(Own, StandsAlone: true), new($"{Standard}{signal.ToString().ToUpperInvariant()}_", EndpointIsExact: true), new(Standard)]
            : variables.Text(Own + "ENDPOINT") is not null ? [new(Own, StandsAlone: true)] : []);
        Add("otlp-2", reader.Signals(Own + "2_SIGNALS"), static _ => [new(Own + "2_")]);
        Add("otlp-3", reader.Signals(Own + "3_SIGNALS"), static _ => [new(Own + "3_")]);
        return new(destinations, ports);

        void Add(string name, Signal[] signals, Func<Signal, OtlpLevel[]> levelsOf)
        {
            var endpoints = new OtlpEndpoint?[AllSignals.Length];
            foreach (var signal in signals)
                endpoints[(int)signal] = reader.Read(signal, levelsOf(signal));
            if (endpoints.Any(endpoint => endpoint is not null))
                destinations.Add(new(name, endpoints));
        }
    }

    private static bool IsNone(Variables variables, Signal signal) =>
        "none".Equals(variables.Text($"OTEL_{signal.ToString().ToUpperInvariant()}_EXPORTER"), StringComparison.OrdinalIgnoreCase);
}

/// <summary>One destination: an endpoint for each signal it wants, indexed by <see cref="Signal"/>.</summary>
internal sealed record OtlpDestinationOptions(string Name, OtlpEndpoint?[] Endpoints)
{
    public OtlpEndpoint? this[Signal signal] => Endpoints[(int)signal];
}
