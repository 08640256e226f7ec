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
/// Starts the extension in the order that costs the customer least. Lambda starts the runtime when every extension has registered, and the first invocation
/// when every extension has called Next. So Register comes before everything else, and everything that can wait is built after Next.
/// </summary>
internal static class Extension
{
    /// <summary>How long the process waits at its end for log lines that are not written yet.</summary>
    private static readonly TimeSpan LastLines = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Runs until the end of the environment. Returns the exit code, which is 0 only after SHUTDOWN: Lambda fails the function after any other end.
    /// </summary>
    public static async Task<int> RunAsync(string runtimeApi, TimeProvider time)
    {
        OutputDescriptor.ReserveStandardStreams();
        OutputDescriptor.IgnoreBrokenPipes();
        try
        {
            using var connection = new RuntimeApiConnection(runtimeApi);
            var extensions = new ExtensionsApiClient(connection, time);
            var managedInstances = Environment.GetEnvironmentVariable("AWS_LAMBDA_INITIALIZATION_TYPE") == "lambda-managed-instances";
            var function = extensions.Register(managedInstances, ExtensionName.Candidates());
            using var sockets = new Sockets();
            var composition = TryPrepare(extensions, function, managedInstances, sockets, time);
            extensions.SendNext();
            StandardOutput.OfProcess.Release();
            var end = composition is null || !composition.TryStart()
                ? await IdleAsync(extensions, sockets).ConfigureAwait(false)
                : await composition.RunAsync().ConfigureAwait(false);
            return end is ExtensionEvent.Shutdown ? 0 : 1;
        }
        catch (Exception e) when (e is InvalidOperationException or SocketException or InvalidDataException or JsonException or FormatException or OverflowException)
        {
            // The extension is not registered, so it takes no part in the environment.
            Log.Error($"the Extensions API failed, exiting: {Reason.Of(e)}");
            return 1;
        }
        finally
        {
            StandardOutput.OfProcess.Flush(LastLines);
        }
    }

    private static async Task<ExtensionEvent> IdleAsync(ExtensionsApiClient extensions, Sockets sockets)
    {
        sockets.Dispose();
        var end = await IdleLoop.RunAsync(extensions).ConfigureAwait(false);
        if (end is ExtensionEvent.Lost lost)
            Log.Error($"{lost.Reason}; exiting");
        return end;
    }

    private static Composition? TryPrepare(
        ExtensionsApiClient extensions, RegisterResponse function, bool managedInstances, Sockets sockets, TimeProvider time)
    {
        try
        {
            return Prepare(extensions, function, managedInstances, sockets, time);
        }
        catch (Exception e)
        {
            Log.Error($"cannot start, the function runs without telemetry: {Reason.OfBug(e)}");
            return null;
        }
    }

    /// <summary>Does what must precede the first Next: read the settings, listen, subscribe.</summary>
    private static Composition Prepare(
        ExtensionsApiClient extensions, RegisterResponse function, bool managedInstances, Sockets sockets, TimeProvider time)
    {
        var problems = new SettingProblems();
        var variables = Variables.OfEnvironment(problems);
        Log.Level = LogOptions.From(variables).Level;
        var receiver = ReceiverOptions.From(variables);
        sockets.OtlpHttp = receiver.Enabled ? Listen(receiver.Address, receiver.HttpPort, "OTLP/HTTP", another: false) : null;
        sockets.OtlpGrpc = receiver.Enabled ? Listen(receiver.Address, receiver.GrpcPort, "OTLP/gRPC", another: false) : null;
        var telemetry = TelemetryOptions.From(variables);
        sockets.Telemetry = Listen(IPAddress.Any, telemetry.Port, "the Telemetry API", another: true);
        var options = ExtensionOptions.Load(variables, telemetry, receiver, sockets.Ports);
        foreach (var problem in problems.Messages)
            Log.Warn(problem);
        var subscribed = sockets.Telemetry is not null && TelemetrySubscription.Subscribe(extensions, sockets.Telemetry.Port);
        return new Composition(options, function, sockets, subscribed, managedInstances, extensions, time);
    }

    private static ListeningSocket? Listen(IPAddress address, int port, string what, bool another)
    {
        if (HttpEndpoint.MaxConnections == 0)
        {
            Log.Warn($"too few file descriptors to listen for {what}: continuing without it");
            return null;
        }

        if (ListeningSocket.TryBind(address, port, out var problem) is { } socket)
            return socket;
        var fallback = another ? ListeningSocket.TryBind(address, 0, out problem) : null;
        Log.Warn(fallback is null
            ? $"cannot listen for {what} on port {port} ({problem}): continuing without it"
            : $"port {port} for {what} is taken: using {fallback.Port}");
        return fallback;
    }
}
