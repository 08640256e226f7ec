using System.Globalization;
using System.Text;

namespace TelemetryExtension.Configuration;

/// <summary>
/// The syntax of OTEL_RESOURCE_ATTRIBUTES: <c>key=value,key=value</c>, percent-encoded. Any error discards the whole value, as the OpenTelemetry
/// specification (resource SDK) requires.
/// </summary>
internal static class ResourceAttributesText
{
    /// <summary>Empty when there are none, or when they cannot be used, which is reported.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(ResourceOptions options, SettingProblems problems)
    {
        if (options.ResourceAttributes is not { } text)
            return [];
        if (TryRead(text, out var attributes, out var problem))
            return attributes;
        problems.Add("OTEL_RESOURCE_ATTRIBUTES", text, problem, "none of it");
        return [];
    }

    public static bool TryRead(string text, out List<KeyValuePair<string, string>> attributes, out string problem)
    {
        attributes = [];
        problem = "";
        foreach (var member in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (member.Length == 0)
                continue;
            var equals = member.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                problem = $"has a member without key=value ('{member}')";
            else if (TryDecode(member[..equals].Trim(), out var key) && TryDecode(member[(equals + 1)..].Trim(), out var value))
                attributes.Add(new(key, value));
            else
                problem = $"has a member that is not percent-encoded UTF-8 ('{member}')";
            if (problem.Length > 0)
                return false;
        }

        return true;
    }

    private static bool TryDecode(string text, out string decoded)
    {
        decoded = text;
        if (!text.Contains('%', StringComparison.Ordinal))
            return true;
        var source = Encoding.UTF8.GetBytes(text);
        var target = new List<byte>(source.Length);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != '%')
            {
                target.Add(source[i]);
                continue;
            }

            if (i + 2 >= source.Length || !byte.TryParse(source.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b))
                return false;
            target.Add(b);
            i += 2;
        }

        var bytes = target.ToArray();
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
            return false;
        decoded = Encoding.UTF8.GetString(bytes);
        return true;
    }
}
