using System.Net.Sockets;
using System.Text.Json;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>Lambda's Extensions API 2020-01-01 and the subscription call of the Telemetry API 2022-07-01, in the order a life of an extension needs them.</summary>
internal sealed class ExtensionsApiClient(RuntimeApiConnection connection, TimeProvider time)
{
    /// <summary>Must be the basename of the executable in /opt/extensions, else Lambda takes us for an internal extension.</summary>
    public const string ExtensionName = "telemetry-extension";

    private const int NextAttempts = 4;
    private string _idHeader = "";

    /// <summary>
    /// POST /register. Managed Instances know no INVOKE for extensions (403), so there only SHUTDOWN is asked for.
    /// Throws when refused: without registration there is nothing we could go on doing.
    /// </summary>
    public RegisterResponse Register(bool managedInstances)
    {
        connection.Send(
            "POST",
            "/2020-01-01/extension/register",
            $"Lambda-Extension-Name: {ExtensionName}\r\nLambda-Extension-Accept-Feature: accountId\r\n",
            managedInstances ? """{"events":["SHUTDOWN"]}""" : """{"events":["INVOKE","SHUTDOWN"]}""");
        var response = connection.Receive();
        if (response.Status != 200 || response.ExtensionId is null)
            throw new InvalidOperationException($"registering was refused: {response}");
        _idHeader = $"Lambda-Extension-Identifier: {response.ExtensionId}\r\n";
        try
        {
            return ExtensionsApiJson.ReadRegister(response.Body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // We are registered; what the answer tells is only what our telemetry says about the function.
            Log.Warn($"the answer to registering cannot be read, going on without it: {Reason.Of(e)}");
            return new("", "", null);
        }
    }

    /// <summary>PUT /telemetry with the given body. Only before the first Next: later it is refused (403).</summary>
    public RuntimeApiResponse Subscribe(string body)
    {
        connection.Send("PUT", "/2022-07-01/telemetry", _idHeader, body);
        return connection.Receive();
    }

    /// <summary>
    /// Sends GET /event/next: from now on the environment may be frozen. Its answer is taken by <see cref="NextAsync"/>, which also sends again
    /// what could not be sent here.
    /// </summary>
    public void SendNext()
    {
        try
        {
            connection.Send("GET", "/2020-01-01/extension/event/next", _idHeader, "");
        }
        catch (SocketException)
        {
            connection.Dispose();
        }
    }

    /// <summary>
    /// Waits, without any limit, for the answer to <see cref="SendNext"/>. A broken connection is tried again a few times.
    /// Throws when the API refuses (403, 500) or cannot be reached any more: it has forgotten us, and the environment is over.
    /// </summary>
    public async ValueTask<ExtensionEvent> NextAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var response = await connection.ReceiveAsync(cancellationToken).ConfigureAwait(false);
                return response.Status == 200
                    ? ExtensionsApiJson.ReadEvent(response.Body)
                    : throw new InvalidOperationException($"Next was refused: {response}");
            }
            catch (SocketException) when (attempt < NextAttempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20 << attempt), time, cancellationToken).ConfigureAwait(false);
                SendNext();
            }
        }
    }
}
