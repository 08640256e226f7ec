using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Lifecycle;

/// <summary>Logs the start: unknown settings, and one line about what runs. Called after the first Next, so that nothing waits for it.</summary>
internal static class StartUpReport
{
    public static void Write(IReadOnlyList<IDestination> destinations, Sockets sockets, bool subscribed, FlushStrategy strategy)
    {
        foreach (var problem in SettingNames.Problems(Environment.GetEnvironmentVariables().Keys.Cast<string>()))
            Log.Warn(problem);
        Log.Info(Line(destinations, sockets, subscribed, strategy));
    }

    /// <summary>The start line. It contains no secrets, because a destination's name is its address without user, password and query.</summary>
    internal static string Line(IReadOnlyList<IDestination> destinations, Sockets sockets, bool subscribed, FlushStrategy strategy)
    {
        var where = destinations.Count == 0 ? "none" : string.Join(", ", destinations.Select(static destination => $"{destination.Name} ({SignalsOf(destination)})"));
        var receiver = (sockets.OtlpHttp, sockets.OtlpGrpc) switch
        {
            (null, null) => "off",
            ({ } http, null) => $"http {http.Port}",
            (null, { } grpc) => $"grpc {grpc.Port}",
            ({ } http, { } grpc) => $"http {http.Port}, grpc {grpc.Port}",
        };
        return $"version {Conventions.Version}; destinations: {where}; OTLP receiver: {receiver}; "
            + $"Telemetry API: {(subscribed ? "subscribed" : "not subscribed")}; flush strategy: {strategy.ToString().ToLowerInvariant()}";
    }

    private static string SignalsOf(IDestination destination)
    {
        var signals = Enum.GetValues<Signal>().Where(destination.Accepts).Select(static signal => signal.ToString().ToLowerInvariant());
        return string.Join(", ", signals);
    }
}
