using System.Text;
using System.Text.Json;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

internal enum ExportResponseKind : byte
{
    /// <summary>An Export*ServiceResponse. An empty body is an empty response.</summary>
    Response,

    /// <summary>HTML or XML, for example from a login page or a web server on the wrong port. Its sender did not accept the telemetry.</summary>
    Page,

    /// <summary>Something else, such as "ok" or a vendor's own JSON.</summary>
    Other,
}

/// <summary>
/// The body of a successful answer: Export*ServiceResponse { 1 partial_success { 1 rejected_* int64, 2 error_message } }, with the same field numbers for
/// all signals. Some backends always answer in JSON, and some name a wrong content type. So the bytes decide, because JSON and markup never parse as such a
/// message.
/// </summary>
internal readonly record struct ExportResponse(ExportResponseKind Kind, int Rejected = 0, string? Message = null)
{
    public static ExportResponse Read(ReadOnlySpan<byte> body, string? contentType)
    {
        var mayBeNewer = contentType?.Contains("protobuf", StringComparison.OrdinalIgnoreCase) == true;
        if (TryReadProtobuf(body, mayBeNewer, out var response))
            return response;
        var text = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
        text = text.TrimStart(" \t\r\n"u8);
        if (text.IsEmpty)
            return default;
        return text[0] switch
        {
            (byte)'<' => new(ExportResponseKind.Page, Message: Title(text)),
            (byte)'{' => ReadJson(text),
            _ => new(ExportResponseKind.Other, Message: System.Text.Unicode.Utf8.IsValid(text) ? Printable.Line(text) : null),
        };
    }

    /// <summary>Returns false when the bytes are not such a message.</summary>
    /// <param name="mayBeNewer">Whether unknown fields are skipped. Otherwise an unknown field means that the body is not protobuf.</param>
    private static bool TryReadProtobuf(ReadOnlySpan<byte> body, bool mayBeNewer, out ExportResponse response)
    {
        response = default;
        var outer = new ProtobufReader(body);
        while (outer.TryReadTag(out var field, out var type))
        {
            if (field == 1 && type == WireType.LengthDelimited)
            {
                if (!outer.TryReadBytes(out var partial) || !TryReadPartialSuccess(partial, mayBeNewer, ref response))
                    return false;
            }
            else if (!mayBeNewer || !outer.TrySkip(type))
            {
                return false;
            }
        }

        return !outer.Malformed;
    }

    private static bool TryReadPartialSuccess(ReadOnlySpan<byte> partial, bool mayBeNewer, ref ExportResponse response)
    {
        var reader = new ProtobufReader(partial);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == 1 && type == WireType.Varint && reader.TryReadVarint(out var count))
                response = response with { Rejected = (int)Math.Clamp((long)count, 0, int.MaxValue) };
            else if (field == 2 && type == WireType.LengthDelimited && reader.TryReadBytes(out var text))
                response = response with { Message = Printable.Line(text) };
            else if (!mayBeNewer || !reader.TrySkip(type))
                return false;
        }

        return !reader.Malformed;
    }

    /// <summary>Reads the JSON form: names in lowerCamelCase or as in the .proto file, numbers plain or in quotes.</summary>
    private static ExportResponse ReadJson(ReadOnlySpan<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), new() { AllowTrailingCommas = true });
            var properties = document.RootElement.EnumerateObject().ToList();
            if (properties.Count == 0)
                return default;
            foreach (var property in properties)
            {
                if (!Is(property.Name, "partialsuccess"))
                    continue;
                return property.Value.ValueKind switch
                {
                    JsonValueKind.Object => PartialSuccess(property.Value),
                    JsonValueKind.Null => default,
                    _ => new(ExportResponseKind.Other, Message: Printable.Line(json)),
                };
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The body is cut off, not JSON, or has half a surrogate pair in a string.
        }

        return new(ExportResponseKind.Other, Message: Printable.Line(json));
    }

    private static ExportResponse PartialSuccess(JsonElement partial)
    {
        var (rejected, message) = (0, (string?)null);
        foreach (var property in partial.EnumerateObject())
        {
            if (Is(property.Name, "errormessage") && property.Value.ValueKind == JsonValueKind.String)
                message = Printable.Line(Encoding.UTF8.GetBytes(property.Value.GetString()!));
            else if (property.Name.StartsWith("rejected", StringComparison.OrdinalIgnoreCase))
                rejected = Number(property.Value);
        }

        return new(ExportResponseKind.Response, rejected, message);
    }

    private static int Number(JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
        return double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? (int)Math.Clamp(number, 0, int.MaxValue)
            : 0;
    }

    private static bool Is(string name, string expected) => name.Replace("_", "", StringComparison.Ordinal).Equals(expected, StringComparison.OrdinalIgnoreCase);

    /// <summary>The title of a page, which says more than its first tags.</summary>
    private static string? Title(ReadOnlySpan<byte> page)
    {
        var text = Encoding.UTF8.GetString(page[..Math.Min(page.Length, 4096)]);
        var start = text.IndexOf("<title", StringComparison.OrdinalIgnoreCase);
        start = start < 0 ? -1 : text.IndexOf('>', start);
        var end = start < 0 ? -1 : text.IndexOf("</title", start, StringComparison.OrdinalIgnoreCase);
        return end < 0 ? null : Printable.Line(Encoding.UTF8.GetBytes(text[(start + 1)..end]));
    }
}
