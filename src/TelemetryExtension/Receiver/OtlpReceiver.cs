using System.Net.Sockets;
using TelemetryExtension.Hosting;

namespace TelemetryExtension.Receiver;

/// <summary>
/// The two OTLP endpoints as sockets that listen, each without the other: a port that is taken (another OpenTelemetry or vendor layer
/// may be there) is said once and left alone.
/// </summary>
internal static class OtlpReceiver
{
    /// <summary>Binds what can be bound; the caller gives the result to <see cref="HttpEndpoint"/>. Empty when switched off.</summary>
    public static List<HttpListen> Listen(ReceiverOptions options, OtlpIntake intake)
    {
        var listens = new List<HttpListen>(2);
        if (!options.Enabled)
            return listens;
        if (TryBind(options, options.HttpPort, "HTTP", ReceiverOptions.HttpPortName) is { } http)
            listens.Add(new(http, HttpVersionSpoken.Http1, new OtlpHttpReceiver(intake).HandleAsync));
        if (TryBind(options, options.GrpcPort, "gRPC", ReceiverOptions.GrpcPortName) is { } grpc)
            listens.Add(new(grpc, HttpVersionSpoken.Http2, new OtlpGrpcReceiver(intake).HandleAsync));
        return listens;
    }

    private static ListeningSocket? TryBind(ReceiverOptions options, int port, string protocol, string setting)
    {
        var socket = ListeningSocket.TryBind(options.Address, port, out var problem);
        if (socket is null)
        {
            var why = problem is SocketError.AddressAlreadyInUse ? "the port is taken" : problem.ToString();
            Log.WarnOnce(setting, $"no OTLP/{protocol} receiver on {options.Address}:{port}: {why}. "
                + $"The function's own telemetry is not received there; {setting} chooses another port.");
        }

        return socket;
    }
}
