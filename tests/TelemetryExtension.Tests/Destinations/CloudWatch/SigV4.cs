using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

/// <summary>
/// A second implementation of Signature Version 4 for the server side of the tests. <see cref="SigV4Tests"/> checks it with the published vectors.
/// </summary>
internal static class SigV4
{
    /// <summary>Headers lower-case and already trimmed.</summary>
    public static string CanonicalRequest(string method, string path, string query, IReadOnlyList<KeyValuePair<string, string>> headers, byte[] body)
    {
        var sorted = headers.OrderBy(header => header.Key, StringComparer.Ordinal).ToArray();
        return string.Join('\n', [method, path, query, .. sorted.Select(header => $"{header.Key}:{header.Value}"), "", string.Join(';', sorted.Select(header => header.Key)), Hex(SHA256.HashData(body))]);
    }

    public static string Sign(string secret, string amzDate, string region, string service, string canonicalRequest)
    {
        var date = amzDate[..8];
        var toSign = $"AWS4-HMAC-SHA256\n{amzDate}\n{date}/{region}/{service}/aws4_request\n{Hash(canonicalRequest)}";
        var key = new[] { date, region, service, "aws4_request" }.Aggregate(Encoding.UTF8.GetBytes("AWS4" + secret), Mac);
        return Hex(Mac(key, toSign));
    }

    public static string Hash(string text) => Hex(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Returns null when the request is signed correctly, otherwise the error.</summary>
    public static string? Check(string secret, string service, string method, IReadOnlyDictionary<string, string> headers, byte[] body)
    {
        if (!headers.TryGetValue("authorization", out var authorization) || !authorization.StartsWith("AWS4-HMAC-SHA256 ", StringComparison.Ordinal))
            return "no signature";
        var parts = authorization["AWS4-HMAC-SHA256 ".Length..].Split(',').Select(part => part.Trim().Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var scope = parts["Credential"].Split('/');
        if (scope[3] != service)
            return "signed for " + scope[3];
        var names = parts["SignedHeaders"].Split(';');
        foreach (var name in headers.Keys.Where(name => name is "host" or "content-type" || name.StartsWith("x-amz-", StringComparison.Ordinal)))
            if (!names.Contains(name))
                return $"{name} is not signed";
        var canonical = CanonicalRequest(method, "/", "", [.. names.Select(name => KeyValuePair.Create(name, headers[name].Trim()))], body);
        return Sign(secret, headers["x-amz-date"], scope[2], service, canonical) == parts["Signature"] ? null : "the signature does not match";
    }

    public static DateTimeOffset TimeOf(string amzDate) =>
        DateTimeOffset.ParseExact(amzDate, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
