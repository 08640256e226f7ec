using TelemetryExtension.Configuration;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Takes credentials out of a server's words: some backends repeat the key that they refuse, and the words go into the log.</summary>
internal static class HiddenValues
{
    private const string Hidden = "***";

    /// <summary>Shorter values are everyday words, and no keys.</summary>
    private const int Least = 6;

    /// <summary>The values of the configured headers, with and without their scheme ("Bearer").</summary>
    public static DeliveryResult Hide(DeliveryResult result, OtlpEndpoint endpoint) => result.Message is null
        ? result
        : Hide(result, endpoint.Headers.SelectMany(static header => header.Value.Split(' ').Append(header.Value)));

    public static DeliveryResult Hide(DeliveryResult result, IEnumerable<string> values)
    {
        if (result.Message is not { } message)
            return result;
        foreach (var value in values.Where(static value => value.Length >= Least).OrderByDescending(static value => value.Length))
            message = WithoutStart(message.Replace(value, Hidden, StringComparison.Ordinal), value);
        return result with { Message = message };
    }

    /// <summary>Long words are cut off, and the cut may be inside of the value.</summary>
    private static string WithoutStart(string message, string value)
    {
        for (var length = Math.Min(value.Length - 1, message.Length); length >= Least; length--)
            if (message.EndsWith(value[..length], StringComparison.Ordinal))
                return message[..^length] + Hidden;
        return message;
    }
}
