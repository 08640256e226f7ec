namespace TelemetryExtension.Configuration;

/// <summary>
/// Parses OTEL_EXPORTER_OTLP_HEADERS: W3C baggage without properties. It splits at commas, then at the first equals sign, trims blanks around both
/// and percent-decodes the value. A plus stays a plus. A header that cannot be sent costs only itself.
/// </summary>
internal static class OtlpHeaders
{
    /// <summary>
    /// The header with the id of the payload, which is the same on a resend. Delivery is at least once, and the id identifies copies.
    /// </summary>
    public const string BatchId = "x-telemetry-extension-batch-id";

    /// <summary>Longer names are cut in messages, because they may be misplaced secrets.</summary>
    private const int MaxNamed = 40;

    /// <summary>
    /// Names that HTTP or the extension sets itself. They describe the body's encoding and length, the host and the use of the connection (RFC 9110
    /// 7.6.1). Another value would break the request, and all telemetry with it.
    /// </summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "content-type", "content-length", "content-encoding", "transfer-encoding", "trailer", "te", "host", "expect", "connection", "keep-alive",
        "proxy-connection", "upgrade", "http2-settings", "grpc-encoding", "grpc-timeout", "grpc-accept-encoding", BatchId,
    };

    /// <param name="leftOut">The headers that cannot be sent, each with the reason. It contains names, never values.</param>
    public static List<KeyValuePair<string, string>> Parse(string? raw, out List<string> leftOut)
    {
        leftOut = [];
        var headers = new List<KeyValuePair<string, string>>();
        var members = (raw ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < members.Length; i++)
        {
            var equals = members[i].IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                leftOut.Add($"entry {i + 1} of {members.Length} is not key=value");
                continue;
            }

            var name = members[i][..equals].Trim().ToLowerInvariant();
            var value = Uri.UnescapeDataString(members[i][(equals + 1)..].Trim());
            if (Problem(name, value) is { } problem)
            {
                leftOut.Add(problem);
                continue;
            }

            headers.RemoveAll(header => header.Key == name);
            headers.Add(new(name, value));
        }

        return headers;
    }

    /// <summary>Why a header cannot be sent. Null when it can.</summary>
    public static string? Problem(string name, string value)
    {
        if (name.Length == 0)
            return "an entry has no name";
        if (!name.All(IsTokenCharacter))
            return $"'{Printable(name)}' is not a header name";
        if (Reserved.Contains(name))
            return $"'{name}' is set by the extension itself";
        if (SecretText.HasReference(value))
            return $"'{Printable(name)}' has a ${{arn:...}} that names no secret";
        return value.All(static c => c is '\t' or >= ' ' and < (char)0x7f) ? null : $"'{Printable(name)}' has a value with characters that no header can carry (only ASCII, no line breaks)";
    }

    /// <summary>RFC 9110 5.6.2.</summary>
    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);

    private static string Printable(string name)
    {
        var text = name.Length <= MaxNamed ? name : name[..MaxNamed] + "...";
        return string.Concat(text.Select(static c => c is >= ' ' and < (char)0x7f ? c : '?'));
    }
}
