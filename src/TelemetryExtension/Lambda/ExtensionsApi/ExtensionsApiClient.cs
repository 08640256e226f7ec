using System.Net.Sockets;
using System.Text.Json;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>Lambda's Extensions API 2020-01-01 and the subscription call of the Telemetry API 2022-07-01, in the order a life of an extension needs them.</summary>
internal sealed class ExtensionsApiClient(RuntimeApiConnection connection, TimeProvider time)
{
    private const int Forbidden = 403;
    private const int ContainerError = 500;
    private const int RegisterAttempts = 4;

    private readonly NextRetry _retry = new(time);
    private string _idHeader = "";

    /// <summary>What Lambda knows this extension by.</summary>
    public string Name { get; private set; } = ExtensionName.Default;

    /// <summary>
    /// POST /register. Managed Instances know no INVOKE for extensions (403), so there only SHUTDOWN is asked for.
    /// Throws when refused: without registration there is nothing we could go on doing.
    /// </summary>
    /// <param name="names">Tried in turn while Lambda refuses them.</param>
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

            // The answer to the likeliest name says most.
            refused ??= response;
            if (response.Status != Forbidden)
                break;
        }

        throw new InvalidOperationException($"registering was refused: {refused}");
    }

    /// <summary>PUT /telemetry with the given body. Only before the first Next: later it is refused (403).</summary>
    /// <exception cref="SocketException">No answer, or none in time; the next call uses another connection.</exception>
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
    /// Waits, without any limit, for the event that answers <see cref="SendNext"/>. Whatever else comes is asked again, less and less often.
    /// Lost when the API refuses for good (403, 500), as AWS documents it, or cannot be reached any more.
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
                    return new ExtensionEvent.Lost($"Next was refused: {response}");
                var next = response.Status == 200 ? ExtensionsApiJson.ReadEvent(response.Body) : new ExtensionEvent.Unknown("");
                if (next is not ExtensionEvent.Unknown unknown)
                {
                    _retry.Succeeded();
                    return next;
                }

                Log.WarnOnce(
                    $"next/{response.Status}/{unknown.Type}",
                    unknown.Type.Length > 0 ? $"unknown event '{unknown.Type}' from the Extensions API: ignored" : $"Next was answered with no event: {response}");
                pause = _retry.AfterAnswer();
            }
            catch (InvalidDataException e)
            {
                Log.WarnOnce("next/http", $"Next was answered with no event: {Reason.Of(e)}");
                connection.Dispose();
                pause = _retry.AfterAnswer();
            }
            catch (SocketException e)
            {
                connection.Dispose();
                if (_retry.AfterFailure() is not { } wait)
                    return new ExtensionEvent.Lost($"the Extensions API cannot be reached: {Reason.Of(e)}");
                pause = wait;
            }

            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            SendNext();
        }
    }

    /// <summary>Sends it again when the connection breaks, or the API has a moment of trouble: init would otherwise fail.</summary>
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
            // We are registered; what the answer tells is only what our telemetry says about the function.
            Log.Warn($"the answer to registering cannot be read, going on without it: {Reason.Of(e)}");
            return new("", "", null);
        }
    }
}
