using System.Net.Sockets;
using System.Text.Json;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>
/// The Extensions API 2020-01-01 and the subscription call of the Telemetry API 2022-07-01. Methods are in the order in which an extension calls them.
/// </summary>
internal sealed class ExtensionsApiClient(RuntimeApiConnection connection, TimeProvider time) : IExtensionEvents
{
    private const int Forbidden = 403;
    private const int ContainerError = 500;
    private const int RegisterAttempts = 4;

    private readonly NextRetry _retry = new(time);
    private string _idHeader = "";

    /// <summary>The name under which this extension is registered.</summary>
    public string Name { get; private set; } = ExtensionName.Default;

    /// <summary>From now on <see cref="NextAsync"/> waits like this, and what follows it runs where the wait ends.</summary>
    public void WaitWith(Func<Socket, ValueTask> whenReadable) => connection.WhenReadable = whenReadable;

    /// <summary>
    /// POST /register. On Managed Instances extensions cannot register for INVOKE (403), so they register only for SHUTDOWN. Throws when Lambda refuses,
    /// because the extension cannot work without registration.
    /// </summary>
    /// <param name="names">The names to try in turn while Lambda refuses.</param>
    public RegisterResponse Register(bool managedInstances, IEnumerable<string> names)
    {
        RuntimeApiResponse? refused = null;
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            var response = Register(managedInstances, name);
            if (response is { Status: 200, ExtensionId: not null })
            {
                _idHeader = $"Lambda-Extension-Identifier: {response.ExtensionId}\r\n";
                Name = name;
                return Read(response.Body);
            }

            // The answer to the most likely name is the most helpful one.
            refused ??= response;
            if (response.Status != Forbidden)
                break;
        }

        throw new InvalidOperationException($"Lambda refused the registration: {refused}");
    }

    /// <summary>PUT /telemetry with the given body. Lambda refuses it after the first Next (403).</summary>
    /// <exception cref="SocketException">There was no answer in time. The next call uses another connection.</exception>
    public RuntimeApiResponse Subscribe(string body, TimeSpan limit)
    {
        try
        {
            connection.Send("PUT", "/2022-07-01/telemetry", _idHeader, body);
            return connection.Receive(limit);
        }
        catch (Exception e) when (e is SocketException or InvalidDataException)
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sends GET /event/next. From now on the environment may be frozen. <see cref="NextAsync"/> receives the answer, and sends the request again if this
    /// method failed.
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
    /// Waits without a limit for the event that answers <see cref="SendNext"/>. After any other answer it sends Next again, with growing pauses. Returns
    /// Lost when the API refuses for good (403 and 500, as AWS documents) or is unreachable.
    /// </summary>
    public async ValueTask<ExtensionEvent> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan pause;
            try
            {
                var response = await connection.ReceiveAsync(cancellationToken).ConfigureAwait(false);
                if (response.Status is Forbidden or ContainerError)
                    return new ExtensionEvent.Lost($"Lambda refused Next: {response}");
                var next = response.Status == 200 ? ExtensionsApiJson.ReadEvent(response.Body) : new ExtensionEvent.Unknown("");
                if (next is not ExtensionEvent.Unknown unknown)
                {
                    _retry.Succeeded();
                    return next;
                }

                Log.WarnOnce(
                    $"next/{response.Status}/{unknown.Type}",
                    unknown.Type.Length > 0 ? $"unknown event '{unknown.Type}' from the Extensions API: ignored" : $"the answer to Next is not an event: {response}");
                pause = _retry.AfterAnswer();
            }
            catch (InvalidDataException e)
            {
                Log.WarnOnce("next/http", $"the answer to Next is not an event: {Reason.Of(e)}");
                connection.Dispose();
                pause = _retry.AfterAnswer();
            }
            catch (SocketException e)
            {
                connection.Dispose();
                if (_retry.AfterFailure() is not { } wait)
                    return new ExtensionEvent.Lost($"the Extensions API is unreachable: {Reason.Of(e)}");
                pause = wait;
            }

            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            SendNext();
        }
    }

    /// <summary>Registers, and retries when the connection breaks or the API has a temporary failure, because init would otherwise fail.</summary>
    private RuntimeApiResponse Register(bool managedInstances, string name)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                connection.Send(
                    "POST",
                    "/2020-01-01/extension/register",
                    $"Lambda-Extension-Name: {name}\r\nLambda-Extension-Accept-Feature: accountId\r\n",
                    managedInstances ? """{"events":["SHUTDOWN"]}""" : """{"events":["INVOKE","SHUTDOWN"]}""");
                var response = connection.Receive(Timeout.InfiniteTimeSpan);
                if (response.Status < ContainerError || attempt == RegisterAttempts)
                    return response;
            }
            catch (SocketException) when (attempt < RegisterAttempts)
            {
                connection.Dispose();
            }

#pragma warning disable RS0030 // Nothing else runs yet: Register comes first.
            Thread.Sleep(25 << attempt);
#pragma warning restore RS0030
        }
    }

    private static RegisterResponse Read(byte[] body)
    {
        try
        {
            return ExtensionsApiJson.ReadRegister(body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The extension is registered. The answer only supplies facts about the function for its telemetry.
            Log.Warn($"cannot read the answer to the registration, continuing without it: {Reason.Of(e)}");
            return new("", "", null);
        }
    }
}
