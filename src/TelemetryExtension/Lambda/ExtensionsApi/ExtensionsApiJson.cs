using System.Text.Json;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>
/// Reads the two JSON answers of the Extensions API. Unknown keys are ignored. Missing values, and values of another type than text, are empty.
/// </summary>
internal static class ExtensionsApiJson
{
    public static RegisterResponse ReadRegister(byte[] body)
    {
        string? name = null, version = null, account = null;
        var json = new Utf8JsonReader(body);
        while (TryReadProperty(ref json, out var property))
        {
            if (property == "functionName")
                name = Text(ref json);
            else if (property == "functionVersion")
                version = Text(ref json);
            else if (property == "accountId")
                account = Text(ref json);
            else
                json.Skip();
        }

        return new(name ?? "", version ?? "", account);
    }

    /// <summary>Reads an event. Does not throw, because an unreadable event must not end the extension, which would fail the function.</summary>
    public static ExtensionEvent ReadEvent(byte[] body)
    {
        string? type = null, requestId = null, arn = null, trace = null, reason = null;
        long deadline = 0;
        var json = new Utf8JsonReader(body);
        try
        {
            while (TryReadProperty(ref json, out var property))
            {
                switch (property)
                {
                    case "eventType":
                        type = Text(ref json);
                        break;
                    case "requestId":
                        requestId = Text(ref json);
                        break;
                    case "invokedFunctionArn":
                        arn = Text(ref json);
                        break;
                    case "shutdownReason":
                        reason = Text(ref json);
                        break;
                    case "deadlineMs":
                        deadline = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var value) ? value : 0;
                        break;
                    case "tracing" when json.TokenType == JsonTokenType.StartObject:
                        while (TryReadProperty(ref json, out var inner))
                            if (inner == "value")
                                trace = Text(ref json);
                            else
                                json.Skip();
                        break;
                    default:
                        json.Skip();
                        break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Log.WarnOnce("event", $"an event of the Extensions API is only partly readable: {Reason.Of(e)}");
        }

        return type?.ToUpperInvariant() switch
        {
            // Without an id the end of the invocation cannot be recognised.
            "INVOKE" when requestId is not { Length: > 0 } => new ExtensionEvent.Unknown("INVOKE without a requestId"),
            "INVOKE" => new ExtensionEvent.Invoke(requestId, arn ?? "", trace, deadline),
            "SHUTDOWN" => new ExtensionEvent.Shutdown((reason ?? "").ToLowerInvariant(), deadline),
            _ => new ExtensionEvent.Unknown(type ?? ""),
        };
    }

    /// <summary>Moves to the value of the next property of the current object. Returns false at its end.</summary>
    private static bool TryReadProperty(ref Utf8JsonReader json, out string property)
    {
        property = "";
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.EndObject)
                return false;
            if (json.TokenType != JsonTokenType.PropertyName)
                continue;
            property = json.GetString()!;
            return json.Read();
        }

        return false;
    }

    private static string? Text(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
            return null;
        }

        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)
        {
            // The text contains a lone surrogate.
            return null;
        }
    }
}
