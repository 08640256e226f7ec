using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EndToEnd.Tests.Aws;

/// <summary>Signature Version 4 as the receiving side sees it. Shares no code with the extension nor with an SDK.</summary>
internal static class AwsSignature
{
    /// <summary>Null when the request is signed as it must be, else what is wrong.</summary>
    public static string? Problem(HttpRequest request, byte[] body, string secretKey, string service, string region)
    {
        const string Algorithm = "AWS4-HMAC-SHA256 ";
        var authorization = request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Algorithm, StringComparison.Ordinal))
            return "there is no signature";
        var parts = authorization[Algorithm.Length..].Split(", ").Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var date = request.Headers["x-amz-date"].ToString();
        var scope = $"{date[..8]}/{region}/{service}/aws4_request";
        if (!parts["Credential"].EndsWith("/" + scope, StringComparison.Ordinal))
            return $"it is signed for {parts["Credential"]}";
        var names = parts["SignedHeaders"].Split(';');
        var mustBe = request.Headers.Keys.Select(name => name.ToLowerInvariant()).Where(name => name is "host" or "content-type" || name.StartsWith("x-a", StringComparison.Ordinal));
        if (mustBe.Except(names).FirstOrDefault() is { } missing)
            return $"{missing} is not signed";
        var canonical = $"{request.Method}\n{request.Path.Value}\n\n{string.Concat(names.Select(name => $"{name}:{request.Headers[name].ToString().Trim()}\n"))}\n{parts["SignedHeaders"]}\n{Hex(SHA256.HashData(body))}";
        var toSign = $"AWS4-HMAC-SHA256\n{date}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + secretKey), Mac);
        return Hex(Mac(key, toSign)) == parts["Signature"] ? null : "the signature does not match";
    }

    public static DateTimeOffset TimeOf(HttpRequest request) =>
        DateTimeOffset.ParseExact(request.Headers["x-amz-date"].ToString(), "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
