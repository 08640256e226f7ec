using System.Net.Sockets;
using System.Text.Json;

namespace LambdaSandbox.Telemetry;

/// <summary>A validated subscription request of the Telemetry API, or of the Logs API before it.</summary>
internal sealed record Subscription(
    StreamApi Api, string SchemaVersion, IReadOnlyList<string> Types, int MaxItems, int MaxBytes, int TimeoutMs, Uri? Http, HttpMethod Method, int? TcpPort)
{
    public bool HasDestinationOf(Subscription other) => Http == other.Http && TcpPort == other.TcpPort;

    /// <param name="schemas">Those that are taken.</param>
    /// <exception cref="FormatException">The request is not valid; the message is what the caller is told.</exception>
    public static Subscription Parse(string body, StreamApi api, IReadOnlyList<string> schemas)
    {
        using var document = ParseJson(body);
        var root = new JsonField(document.RootElement, "").Object();
        var version = root["schemaVersion"];
        var schema = version.IsMissing && api.StandardSchema is { } standard ? standard : version.Text(schemas);
        var types = root["types"].Texts("platform", "function", "extension");
        var buffering = root["buffering"];
        if (!buffering.IsMissing)
            buffering.Object();
        var maxItems = buffering["maxItems"].Number(1000, 10000, 10000);
        var maxBytes = buffering["maxBytes"].Number(262144, 1048576, 262144);
        var timeoutMs = buffering["timeoutMs"].Number(25, 30000, 1000);
        var (http, method, port) = Destination(root["destination"].Object());
        return new Subscription(api, schema, types, maxItems, maxBytes, timeoutMs, http, method, port);
    }

    /// <summary>A TCP listener must be there already; null when the destination is HTTP.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public async Task<TcpClient?> ConnectAsync(CancellationToken cancellation)
    {
        if (TcpPort is not { } port)
            return null;
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, cancellation).ConfigureAwait(false);
            return client;
        }
        catch (SocketException)
        {
            client.Dispose();
            var address = $"127.0.0.1:{port}";
            throw new FormatException($"Invalid destination: could not TCP dial provided address {address}: dial tcp {address}: connect: connection refused");
        }
    }

    private static (Uri? Http, HttpMethod Method, int? Port) Destination(JsonField destination)
    {
        if (destination["protocol"].Text("HTTP", "TCP") == "TCP")
            return (null, HttpMethod.Post, destination["port"].Number(1, 65535, null));
        if (!Uri.TryCreate(destination["URI"].Text(), UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
            throw new FormatException("Invalid destination: destination.URI must be an http URI");
        if (uri.Host is not ("sandbox.localdomain" or "sandbox"))
            throw new FormatException("Invalid destination: destination.URI host must be sandbox.localdomain");
        if (uri.Port == 9001)
            throw new FormatException("Invalid destination: port 9001 is reserved");
        var method = destination["method"];
        return (uri, method.IsMissing || method.Text("POST", "PUT") == "POST" ? HttpMethod.Post : HttpMethod.Put, null);
    }

    private static JsonDocument ParseJson(string body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw new FormatException($"failed to parse JSON: {e.Message}", e);
        }
    }
}
