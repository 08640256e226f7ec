namespace TelemetryExtension.Configuration;

/// <summary>
/// The value of OTEL_EXPORTER_OTLP_HEADERS: W3C baggage without properties. Split at commas, then at the first equals sign; blanks around
/// both are cut, the value is percent-decoded, and a plus stays a plus.
/// </summary>
internal static class OtlpHeaders
{
    /// <param name="unreadable">Members left out: no equals sign, no valid header name, or a value that no header can carry.</param>
    public static List<KeyValuePair<string, string>> Parse(string? raw, out int unreadable)
    {
        unreadable = 0;
        var headers = new List<KeyValuePair<string, string>>();
        if (raw is null)
            return headers;
        foreach (var member in raw.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = member.IndexOf('=');
            var name = equals < 0 ? "" : member[..equals].Trim().ToLowerInvariant();
            var value = equals < 0 ? "" : Uri.UnescapeDataString(member[(equals + 1)..].Trim());
            if (!IsToken(name) || !IsFieldValue(value))
            {
                unreadable++;
                continue;
            }

            headers.RemoveAll(header => header.Key == name);
            headers.Add(new(name, value));
        }

        return headers;
    }

    /// <summary>RFC 9110 5.6.2. Names that the transport owns would break the request and are refused too.</summary>
    private static bool IsToken(string name)
    {
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-.^_`|~".Contains(c))
                return false;
        return name is not ("" or "content-length" or "content-type" or "content-encoding" or "transfer-encoding" or "connection" or "te");
    }

    private static bool IsFieldValue(string value)
    {
        foreach (var c in value)
            if (c is < ' ' and not '\t' or >= (char)0x7f)
                return false;
        return true;
    }
}
