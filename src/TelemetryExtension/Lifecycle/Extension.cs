using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Lambda;
using TelemetryExtension.Lambda.ExtensionsApi;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// Start-up, in the order that costs the customer least: Lambda starts the runtime when every extension has registered, and the first
/// invocation when every one has called Next. So Register goes out before anything else is looked at, and whatever can wait is built after Next.
/// </summary>
internal static class Extension
{
    /// <summary>Runs the whole life; answers the exit code. 0 only after SHUTDOWN: any other end makes Lambda fail the function.</summary>
    public static async Task<int> RunAsync(string runtimeApi, TimeProvider time)
    {
        using var connection = new RuntimeApiConnection(runtimeApi);
        var extensions = new ExtensionsApiClient(connection, time);
        try
        {
            var managedInstances = Environment.GetEnvironmentVariable("AWS_LAMBDA_INITIALIZATION_TYPE") == "lambda-managed-instances";
            var function = extensions.Register(managedInstances);
            Composition? composition = null;
            try
            {
                composition = Prepare(extensions, function, managedInstances, time);
            }
            catch (Exception e)
            {
                Log.Warn($"cannot start, the function runs without telemetry: {Reason.OfBug(e)}");
            }

            extensions.SendNext();
            if (composition is null || !await composition.TryStartAsync().ConfigureAwait(false))
                await IdleLoop.RunAsync(extensions).ConfigureAwait(false);
            else
                await composition.Loop.RunAsync().ConfigureAwait(false);
            return 0;
        }
        catch (Exception e) when (e is InvalidOperationException or SocketException or InvalidDataException or JsonException or FormatException)
        {
            // The Extensions API itself is gone or has refused us: the environment is over, and calling on would not bring it back.
            Log.Warn($"the Extensions API failed, exiting: {Reason.Of(e)}");
            return 1;
        }
    }

    /// <summary>What must be done before the first Next: read the settings, listen, subscribe.</summary>
    private static Composition Prepare(ExtensionsApiClient extensions, RegisterResponse function, bool managedInstances, TimeProvider time)
    {
        var problems = new SettingProblems();
        var variables = Variables.OfEnvironment(problems);
        var receiver = ReceiverOptions.From(variables);
        var otlpHttp = receiver.Enabled ? Listen(receiver.Address, receiver.HttpPort, "OTLP/HTTP", another: false) : null;
        var otlpGrpc = receiver.Enabled ? Listen(receiver.Address, receiver.GrpcPort, "OTLP/gRPC", another: false) : null;
        var telemetry = TelemetryOptions.From(variables);
        var sockets = new Sockets(Listen(IPAddress.Any, telemetry.Port, "the Telemetry API", another: true), otlpHttp, otlpGrpc);
        int[] ownPorts = [.. new[] { sockets.Telemetry, otlpHttp, otlpGrpc }.OfType<ListeningSocket>().Select(socket => socket.Port)];
        var options = ExtensionOptions.Load(variables, telemetry, receiver, ownPorts);
        foreach (var problem in problems.Messages)
            Log.Warn(problem);
        var subscribed = sockets.Telemetry is not null && TelemetrySubscription.Subscribe(extensions, sockets.Telemetry.Port);
        return new Composition(options, function, sockets, subscribed, managedInstances, extensions, time);
    }

    private static ListeningSocket? Listen(IPAddress address, int port, string what, bool another)
    {
        if (ListeningSocket.TryBind(address, port, out var problem) is { } socket)
            return socket;
        var fallback = another ? ListeningSocket.TryBind(address, 0, out problem) : null;
        Log.Warn(fallback is null
            ? $"cannot listen for {what} on port {port} ({problem}): going on without it"
            : $"port {port} for {what} is taken: using {fallback.Port}");
        return fallback;
    }
}
