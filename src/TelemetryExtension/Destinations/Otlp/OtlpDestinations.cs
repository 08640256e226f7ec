using TelemetryExtension.Configuration;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Builds the destinations that the options name. Cheap: nothing is connected, read or parsed before the first delivery.</summary>
internal static class OtlpDestinations
{
    /// <param name="aws">For AWS's own endpoints.</param>
    /// <param name="secrets">For destinations with secrets in their settings.</param>
    public static List<IDestination> Create(DeliveryOptions options, TimeProvider time, SecretStore? secrets = null, AwsRequests? aws = null)
    {
        var destinations = new List<IDestination>();
        foreach (var destination in options.Destinations)
        {
            if (destination.Deferred is { } deferred)
            {
                ArgumentNullException.ThrowIfNull(secrets);
                destinations.Add(new SecretDestination(
                    $"{destination.Name} {deferred.ShownEndpoint}", deferred, secrets,
                    endpoints => Create(options with { Destinations = [new(destination.Name, endpoints)] }, time, secrets, aws), time));
                continue;
            }

            // Signals with different hosts become separate destinations, so that one backend's failure does not affect another.
            var groups = destination.Endpoints
                .OfType<OtlpEndpoint>()
                .GroupBy(static endpoint => (endpoint.Protocol, endpoint.Origin, endpoint.Tls, IsAws: endpoint.Aws is not null))
                .ToList();
            foreach (var group in groups)
            {
                var endpoints = Array.ConvertAll(destination.Endpoints, endpoint => endpoint is not null && group.Contains(endpoint) ? endpoint : null);
                var name = $"{destination.Name} {group.Key.Origin}";
                var isGrpc = group.Key.Protocol == OtlpProtocol.Grpc;
                var connector = new HostConnector(options.OwnPorts, time);
                var (url, tls) = (group.First().Url, group.Key.Tls);
                var prepared = new PreparedConnections(stop => OutboundHandler.Open(url, tls, connector, isGrpc, stop), time);
                var connections = new OutboundConnections(
                    () => OutboundHandler.Create(url, tls, IDestination.MaxRequests, connector, isGrpc, prepared), time, allShareOne: isGrpc, connector.Distrust, prepared);
                destinations.Add(isGrpc
                    ? new OtlpGrpcDestination(name, endpoints, connections, time)
                    : Http(new(name, endpoints, connections, time, aws), endpoints, isAws: group.Key.IsAws));
            }
        }

        return destinations;

        IDestination Http(OtlpHttpDestination destination, OtlpEndpoint?[] endpoints, bool isAws) =>
            isAws ? new AwsOtlpDestination(destination, endpoints, aws ?? throw new ArgumentNullException(nameof(aws))) : destination;
    }

    /// <summary>
    /// A destination that goes through all code of a real one, over a stream that accepts everything. Nothing leaves the process.
    /// </summary>
    public static OtlpHttpDestination Rehearsal(bool gzip, TimeProvider time)
    {
        var endpoints = Array.ConvertAll(
            Enum.GetValues<Signal>(),
            signal => new OtlpEndpoint(new("http://rehearsal.invalid/" + OtlpPaths.Http(signal)), OtlpProtocol.HttpProtobuf, [], TimeSpan.FromSeconds(1), gzip, default));
        var connections = new OutboundConnections(
            static () => new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null, ConnectCallback = static (_, _) => new(new AcceptingStream()) },
            time, allShareOne: false);
        return new("rehearsal", endpoints, connections, time);
    }
}
