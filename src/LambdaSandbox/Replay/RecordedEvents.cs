using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LambdaSandbox.Replay;

internal sealed record RecordedEvent(DateTimeOffset Time, string Type, JsonNode? Record)
{
    public string? RequestId => Record is JsonObject record ? (string?)record["requestId"] : null;
}

/// <summary>Reads Telemetry API events: arrays as they were posted, or one event per line.</summary>
internal static class RecordedEvents
{
    /// <exception cref="SandboxException">The file is missing, or something in it is not an event.</exception>
    public static IReadOnlyList<RecordedEvent> Read(string path)
    {
        if (!File.Exists(path))
            throw new SandboxException($"{path} does not exist");
        var events = Parse(File.ReadAllText(path), path);
        return events.Count > 0 ? events : throw new SandboxException($"{path} contains no event");
    }

    internal static IReadOnlyList<RecordedEvent> Parse(string text, string path)
    {
        try
        {
            return Events(JsonNode.Parse(text), path);
        }
        catch (JsonException)
        {
            // The file is not one document, so it has one event per line.
        }

        List<RecordedEvent> events = [];
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (line.Trim().Length == 0)
                continue;
            try
            {
                events.AddRange(Events(JsonNode.Parse(line), $"{path}:{number}"));
            }
            catch (JsonException e)
            {
                throw new SandboxException($"{path}:{number}: {e.Message}", e);
            }
        }

        return events;
    }

    private static IReadOnlyList<RecordedEvent> Events(JsonNode? node, string place) =>
        node is JsonArray array ? [.. array.Select(each => Event(each, place))] : [Event(node, place)];

    private static RecordedEvent Event(JsonNode? node, string place)
    {
        if (node is not JsonObject item || item["type"] is not JsonValue type || !type.TryGetValue<string>(out var name))
            throw new SandboxException($"{place}: an event is an object with time, type and record");
        var time = DateTimeOffset.TryParse((string?)item["time"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : DateTimeOffset.UnixEpoch;
        return new RecordedEvent(time, name, item["record"]?.DeepClone());
    }
}
