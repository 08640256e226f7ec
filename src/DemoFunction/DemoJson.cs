using System.Text.Json;
using System.Text.Json.Serialization;

namespace DemoFunction;

/// <summary>The event. It describes an order; the other fields make the function misbehave in tests and demos.</summary>
/// <param name="RandomLines">Whether the log lines are hard to compress.</param>
/// <param name="HoldMb">Megabytes that stay in use from then on, as with a function's caches.</param>
internal sealed record DemoEvent(
    Order? Order = null,
    int SleepMs = 0,
    int LogLines = 0,
    int LogBytes = 0,
    bool RandomLines = false,
    int HoldMb = 0,
    bool Crash = false,
    bool Timeout = false,
    string? Stderr = null);

internal sealed record Order(string Id = "0", int Items = 1, double Amount = 19.9, bool Fail = false);

internal sealed record OrderReceipt(string OrderId, string Status, string RequestId);

internal sealed record ErrorBody(string ErrorMessage, string ErrorType, string[] StackTrace);

/// <summary>One structured log line, with the field names of Lambda's own JSON log format.</summary>
internal sealed record LogLine(
    string Timestamp, string Level, string Message, string RequestId, string? OrderId = null, double? Amount = null, string? ErrorType = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DemoEvent))]
[JsonSerializable(typeof(OrderReceipt))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(LogLine))]
internal sealed partial class DemoJson : JsonSerializerContext
{
    /// <summary>Reads an event. An event that is not an order, such as a test event from the console, is processed as an order with defaults.</summary>
    public static DemoEvent ReadEvent(ReadOnlySpan<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, Default.DemoEvent) ?? new DemoEvent();
        }
        catch (JsonException)
        {
            return new DemoEvent();
        }
    }
}
