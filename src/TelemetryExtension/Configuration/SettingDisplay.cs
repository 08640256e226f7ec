namespace TelemetryExtension.Configuration;

/// <summary>The text of a setting for people, without anything that may be a secret.</summary>
internal static class SettingDisplay
{
    private const string Hidden = "***";
    private static readonly string[] SecretWords = ["SECRET_ACCESS_KEY", "TOKEN", "PASSWORD"];

    public static string Of(string name, string text)
    {
        if (name.EndsWith("HEADERS", StringComparison.Ordinal))
            return Headers(text);
        if (name.EndsWith("CLIENT_KEY", StringComparison.Ordinal) || name.EndsWith("CERTIFICATE", StringComparison.Ordinal))
            return new PemSource(text, "").IsText ? "PEM text" : text;
        if (name.EndsWith("ENDPOINT", StringComparison.Ordinal) || name.Contains("_URL", StringComparison.Ordinal) || name.EndsWith("_URI", StringComparison.Ordinal))
            return Url(text);
        return Array.Exists(SecretWords, word => name.Contains(word, StringComparison.Ordinal)) ? Hidden : text;
    }

    /// <summary>Names of headers, and references to secrets in place of values.</summary>
    private static string Headers(string text) => string.Join(", ", text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(static entry =>
    {
        var equals = entry.IndexOf('=', StringComparison.Ordinal);
        var references = SecretText.Find(entry).OfType<SecretReference>().Select(static reference => reference.ToString()).ToList();
        var value = references.Count > 0 ? string.Join("", references) : Hidden;
        return equals < 0 || entry.StartsWith("${arn:", StringComparison.Ordinal) ? value : $"{entry[..equals].Trim()}={value}";
    }));

    /// <summary>Without user, password and query.</summary>
    private static string Url(string text)
    {
        if (SecretText.Find(text).OfType<SecretReference>().ToList() is { Count: > 0 } references)
            return string.Join("", references);
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0)
            return url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        return text.Contains('@', StringComparison.Ordinal) || text.Contains('?', StringComparison.Ordinal) ? Hidden : text;
    }
}
