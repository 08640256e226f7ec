using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Network;

namespace TelemetryExtension.Aws;

/// <summary>
/// The credentials of a SnapStart function, which come over HTTP instead of from its environment. It caches them until shortly before they expire. The SDK's
/// GenericContainerCredentials does not fit: it refuses link-local hosts other than those of ECS and EKS, and makes five attempts without a limit of time.
/// </summary>
internal sealed class ContainerCredentials : RefreshingAWSCredentials
{
    // The endpoint is in the same environment, so it answers within this time or not at all. A freeze does not count.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly Uri _endpoint;
    private readonly string? _authorizationToken;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    public ContainerCredentials(Uri endpoint, string? authorizationToken, HttpMessageHandler? handler = null, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        (_endpoint, _authorizationToken) = (endpoint, authorizationToken);
        _http = new(handler ?? Direct(endpoint)) { Timeout = System.Threading.Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LimitedBody.MaxAnswerBytes };
        // An environment may be frozen between the signature and the request.
        PreemptExpiryTime = TimeSpan.FromMinutes(5);
    }

    /// <summary>Creates a handler without a proxy, because the endpoint is in the same environment.</summary>
    private static SocketsHttpHandler Direct(Uri endpoint)
    {
        var direct = OutboundHandler.Create(endpoint, default, maxConnections: 1, new([], TimeProvider.System));
        direct.UseProxy = false;
        return direct;
    }

    /// <summary>The token may be sent only to loopback, to a link-local address, or over TLS.</summary>
    public static bool IsTrusted(Uri endpoint) =>
        endpoint.Scheme == Uri.UriSchemeHttps || endpoint.IsLoopback ||
        (IPAddress.TryParse(endpoint.Host.Trim('[', ']'), out var address) &&
         (address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal || (address.GetAddressBytes() is [169, 254, _, _])));

#pragma warning disable RS0030 // The SDK calls this only for synchronous calls, which the extension does not make.
    protected override CredentialsRefreshState GenerateNewCredentials() => GenerateNewCredentialsAsync().GetAwaiter().GetResult();
#pragma warning restore RS0030

    protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _endpoint);
        if (_authorizationToken is not null)
            request.Headers.TryAddWithoutValidation("Authorization", _authorizationToken);
        using var limit = new AttemptTimeout(Timeout, _time, CancellationToken.None);
        try
        {
            using var response = await _http.SendAsync(request, limit.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw new AmazonClientException($"the credentials endpoint answered {(int)response.StatusCode}");
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false));
            return Read(json.RootElement);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException)
        {
            throw new AmazonClientException("the credentials endpoint gave no credentials: " + Reason.Of(exception), exception);
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _http.Dispose();
    }

    private static CredentialsRefreshState Read(JsonElement json)
    {
        var expiration = Member(json, "Expiration") is { } value && value.TryGetDateTimeOffset(out var at) ? at.UtcDateTime : DateTime.MaxValue;
        return new(new ImmutableCredentials(Text(json, "AccessKeyId"), Text(json, "SecretAccessKey"), Text(json, "Token")), expiration);
    }

    private static string Text(JsonElement json, string name) =>
        Member(json, name)?.GetString() is { Length: > 0 } text ? text : throw new AmazonClientException($"the credentials endpoint's answer has no {name}");

    /// <summary>Null when the JSON is not an object, or has no such text.</summary>
    private static JsonElement? Member(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value : null;
}
