using TelemetryExtension.Configuration;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Takes credentials out of a server's words: some backends repeat the key that they refuse, and the words go into the log.</summary>
internal static class HiddenValues
{
    private const string Hidden = "***";

    /// <summary>Shorter values occur in other words by chance. They are hidden only as a word of their own, and only where they may be keys.</summary>
    private const int Least = 6;

    /// <summary>Parts of the names of headers and query parameters whose values are keys, however short. Others, such as a tenant, have everyday words.</summary>
    private static readonly string[] NamesOfKeys = ["auth", "key", "token", "secret", "pass", "credential", "cookie"];

    /// <summary>The values of the configured headers, with and without their scheme ("Bearer"), and those in the query of the endpoint.</summary>
    public static DeliveryResult Hide(DeliveryResult result, OtlpEndpoint endpoint) => result.Message is null
        ? result
        : Hide(result, endpoint.Headers.Concat(Query(endpoint.Url)).SelectMany(static pair => Values(pair.Key, pair.Value)));

    /// <param name="values">Secrets, whatever their length.</param>
    public static DeliveryResult Hide(DeliveryResult result, IEnumerable<string> values)
    {
        if (result.Message is not { } message)
            return result;
        foreach (var value in values.Where(static value => value.Length > 0).OrderByDescending(static value => value.Length))
            message = value.Length < Least ? WithoutWord(message, value) : WithoutStart(message.Replace(value, Hidden, StringComparison.Ordinal), value);
        return result with { Message = message };
    }

    private static IEnumerable<string> Values(string name, string value)
    {
        var words = value.Split(' ');
        var isKey = Array.Exists(NamesOfKeys, part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
        // A short scheme ("Basic") says what the server wants, and is no secret.
        return words.Append(value).Where((word, place) => word.Length >= Least || (isKey && (words.Length == 1 || place > 0)));
    }

    /// <summary>As they are sent, and as the server reads them.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Query(Uri url) => url.Query.TrimStart('?').Split('&').Select(static part => part.Split('=', 2))
        .Where(static part => part.Length == 2).SelectMany(static part => (KeyValuePair<string, string>[])[new(part[0], part[1]), new(part[0], Uri.UnescapeDataString(part[1]))]);

    /// <summary>Long words are cut off, and the cut may be inside of the value.</summary>
    private static string WithoutStart(string message, string value)
    {
        for (var length = Math.Min(value.Length - 1, message.Length); length >= Least; length--)
            if (message.EndsWith(value[..length], StringComparison.Ordinal))
                return message[..^length] + Hidden;
        return message;
    }

    private static string WithoutWord(string message, string value)
    {
        var from = LengthOfStatus(message);
        while (message.IndexOf(value, from, StringComparison.Ordinal) is >= 0 and var at)
        {
            var end = at + value.Length;
            var isWord = (at == 0 || !char.IsLetterOrDigit(message[at - 1])) && (end == message.Length || !char.IsLetterOrDigit(message[end]));
            if (isWord)
                message = message[..at] + Hidden + message[end..];
            from = isWord ? at + Hidden.Length : at + 1;
        }

        return message;
    }

    /// <summary>The first two words ("HTTP 401") are ours, and advice is found by them.</summary>
    private static int LengthOfStatus(string message)
    {
        if (!message.StartsWith("HTTP ", StringComparison.Ordinal) && !message.StartsWith("gRPC ", StringComparison.Ordinal))
            return 0;
        var end = message.AsSpan(5).IndexOfAny(' ', ':');
        return end < 0 ? message.Length : 5 + end;
    }
}
