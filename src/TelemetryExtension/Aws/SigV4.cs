using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Auth;

namespace TelemetryExtension.Aws;

/// <summary>
/// Signature Version 4 for requests that the SDK does not send itself (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
/// AWSSDK.Core computes the signature.
/// </summary>
internal static class SigV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>Adds x-amz-date, x-amz-security-token and authorization. The request must not change afterwards.</summary>
    /// <param name="body">The bytes on the wire, after compression.</param>
    public static void Sign(HttpRequestMessage request, ReadOnlySpan<byte> body, ImmutableCredentials credentials, string service, string region, DateTimeOffset now)
    {
        var time = now.UtcDateTime;
        Set("x-amz-date", time.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture));
        if (credentials.UseToken)
            Set("x-amz-security-token", credentials.Token);
        var headers = Signed(request);
        var names = string.Join(';', headers.Select(static header => header.Name));
        var canonical = CanonicalRequest(request.Method.Method, request.RequestUri!, headers, body);
        var signature = AWS4Signer.ComputeSignature(credentials.AccessKey, credentials.SecretKey, region, time, service, names, canonical).Signature;
        Set("authorization", $"{Algorithm} Credential={credentials.AccessKey}/{time.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}/{region}/{service}/aws4_request, SignedHeaders={names}, Signature={signature}");

        void Set(string name, string value)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <param name="headers">Their names are in lower case and sorted.</param>
    public static string CanonicalRequest(string method, Uri url, IReadOnlyList<(string Name, string Value)> headers, ReadOnlySpan<byte> body)
    {
        var text = new StringBuilder(512);
        text.Append(method).Append('\n').Append(Path(url.AbsolutePath)).Append('\n').Append(Query(url.Query)).Append('\n');
        foreach (var (name, value) in headers)
            text.Append(name).Append(':').Append(Folded(value)).Append('\n');
        return text.Append('\n').AppendJoin(';', headers.Select(static header => header.Name)).Append('\n').Append(Convert.ToHexStringLower(SHA256.HashData(body))).ToString();
    }

    /// <summary>The headers to sign. Others are left out, because a proxy may change them. The host is as HttpClient sends it: with a port unless that is the default.</summary>
    private static List<(string Name, string Value)> Signed(HttpRequestMessage request)
    {
        var headers = request.Headers.NonValidated.Concat(request.Content?.Headers.NonValidated.AsEnumerable() ?? [])
            .Select(static header => (Name: header.Key.ToLowerInvariant(), Value: string.Join(',', header.Value)))
            .Where(static header => header.Name is "content-type" || header.Name.StartsWith("x-amz-", StringComparison.Ordinal) || header.Name.StartsWith("x-aws-", StringComparison.Ordinal))
            .ToList();
        var url = request.RequestUri!;
        headers.Add(("host", request.Headers.Host ?? (url.IsDefaultPort ? url.IdnHost : $"{url.IdnHost}:{url.Port}")));
        headers.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        return headers;
    }

    /// <summary>Encodes the segments of the path on the wire once more, and removes empty ones.</summary>
    private static string Path(string sent)
    {
        var segments = sent.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.EscapeDataString).ToList();
        return segments.Count == 0 ? "/" : $"/{string.Join('/', segments)}{(sent.EndsWith('/') ? "/" : "")}";
    }

    /// <summary>Sorts by name and then by value. NUL separates them while sorting, because it comes before every character and occurs in none of them.</summary>
    private static string Query(string sent)
    {
        var pairs = Array.ConvertAll(sent.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries), static text =>
        {
            var pair = text.Split('=', 2);
            return Encoded(pair[0]) + '\0' + (pair.Length > 1 ? Encoded(pair[1]) : "");
        });
        Array.Sort(pairs, StringComparer.Ordinal);
        return string.Join('&', pairs).Replace('\0', '=');
    }

    private static string Encoded(string sent) => Uri.EscapeDataString(Uri.UnescapeDataString(sent));

    /// <summary>Removes blanks at both ends, and replaces several blanks with one.</summary>
    private static string Folded(string value) => string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
