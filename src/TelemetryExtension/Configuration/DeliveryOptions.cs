using TelemetryExtension.Otlp;

namespace TelemetryExtension.Configuration;

/// <summary>All destinations that are configured; none is a state of its own, not an error: then there is nowhere to send to.</summary>
/// <param name="OwnPorts">Ports this process listens on: what is sent there goes in circles.</param>
internal sealed record DeliveryOptions(IReadOnlyList<OtlpDestinationOptions> Destinations, IReadOnlyList<int> OwnPorts)
{
    private static readonly Signal[] AllSignals = [Signal.Traces, Signal.Metrics, Signal.Logs];

    /// <param name="ownPorts">Ports this process listens on: an endpoint that points there is a loop.</param>
    public static DeliveryOptions From(DeliverySettings raw, SettingProblems problems, params ReadOnlySpan<int> ownPorts)
    {
        var ports = ownPorts.ToArray();
        var reader = new OtlpEndpointReader(problems, ports);
        var destinations = new List<OtlpDestinationOptions>(3);
        Add("otlp", signal => raw.LevelsOf(signal), AllSignals);
        Add("otlp-2", _ => [raw.Second], reader.Signals("TELEMETRY_EXTENSION_OTLP_2_SIGNALS", raw.SecondSignals));
        Add("otlp-3", _ => [raw.Third], reader.Signals("TELEMETRY_EXTENSION_OTLP_3_SIGNALS", raw.ThirdSignals));
        return new(destinations, ports);

        void Add(string name, Func<Signal, OtlpLevel[]> levelsOf, Signal[] signals)
        {
            var endpoints = new OtlpEndpoint?[AllSignals.Length];
            foreach (var signal in signals)
                endpoints[(int)signal] = reader.Read(signal, levelsOf(signal));
            if (endpoints.Any(endpoint => endpoint is not null))
                destinations.Add(new(name, endpoints));
        }
    }
}

/// <summary>One destination: an endpoint for each signal it wants, indexed by <see cref="Signal"/>.</summary>
internal sealed record OtlpDestinationOptions(string Name, OtlpEndpoint?[] Endpoints)
{
    public OtlpEndpoint? this[Signal signal] => Endpoints[(int)signal];
}
