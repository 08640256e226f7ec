using System.Net.Sockets;
using System.Text.Json;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Lambda.ExtensionsApi;

namespace TelemetryExtension.Lambda;

/// <summary>Lambda's metadata endpoint, which tells the availability zone. Nothing waits for it.</summary>
internal static class MetadataEndpoint
{
    private const string Path = "/2026-01-15/metadata/execution-environment";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>The zone's id, such as <c>use1-az1</c>. Null where there is no such endpoint, or it does not answer as documented.</summary>
    /// <param name="address">AWS_LAMBDA_METADATA_API: host:port without a scheme.</param>
    public static async Task<string?> AvailabilityZoneAsync(string? address, string? token, TimeProvider time)
    {
        if (string.IsNullOrEmpty(address))
            return null;
        try
        {
            using var limit = new CancellationTokenSource(Limit, time);
            using var connection = new RuntimeApiConnection(address);
            connection.Send("GET", Path, $"Authorization: Bearer {token}\r\nConnection: close\r\n", "");
            var answer = await connection.ReceiveAsync(limit.Token).ConfigureAwait(false);
            if (answer.Status != 200)
                return null;
            using var document = JsonDocument.Parse(answer.Body);
            return document.RootElement.TryGetProperty("AvailabilityZoneID", out var zone) ? zone.GetString() : null;
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidDataException or InvalidOperationException or FormatException
            or OverflowException or JsonException or OperationCanceledException)
        {
            Log.Debug($"the metadata endpoint did not tell the availability zone: {Reason.Of(e)}");
            return null;
        }
    }
}
