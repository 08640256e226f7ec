using System.Text;
using System.Text.Json;

namespace LambdaSandbox.CloudWatch;

/// <summary>
/// Rules for one log event whose violation CloudWatch Logs does not report, although metrics or values of the event are then missing. Keys occur once at
/// every level and are not empty. Embedded Metric Format follows its specification.
/// </summary>
public static class CloudWatchRules
{
    private const int MaxEventBytes = 1024 * 1024;
    private const int MaxDimensions = 30;
    private const int MaxMetrics = 100;
    private const int MaxText = 1024;
    private static readonly double MaxValue = Math.Pow(2, 360);

    private static readonly HashSet<string> Units = new(
        "Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None"
            .Split(' '), StringComparer.Ordinal);

    /// <summary>Returns every rule that the message of one event breaks.</summary>
    public static IReadOnlyList<string> Check(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var broken = new List<string>();
        if (Encoding.UTF8.GetByteCount(message) is 0 or > MaxEventBytes)
            broken.Add($"the event has {Encoding.UTF8.GetByteCount(message)} bytes");
        try
        {
            using var json = JsonDocument.Parse(message);
            Keys(json.RootElement, "", broken);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("_aws", out var aws))
                Emf(json.RootElement, aws, broken);
        }
        catch (JsonException exception)
        {
            broken.Add($"the event is not JSON: {exception.Message}");
        }

        return broken;
    }

    private static void Keys(JsonElement value, string path, List<string> broken)
    {
        if (value.ValueKind == JsonValueKind.Array)
            foreach (var item in value.EnumerateArray())
                Keys(item, path + "[]", broken);
        if (value.ValueKind != JsonValueKind.Object)
            return;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name.Length == 0)
                broken.Add($"{path} has an empty key");
            if (!keys.Add(member.Name))
                broken.Add($"{path} has the key '{member.Name}' twice");
            Keys(member.Value, $"{path}.{member.Name}", broken);
        }
    }

    private static void Emf(JsonElement root, JsonElement aws, List<string> broken)
    {
        if (!Get(aws, "Timestamp", out var time) || time.ValueKind != JsonValueKind.Number || !time.TryGetInt64(out var ms) || ms <= 0)
            broken.Add("_aws.Timestamp is not a time");
        if (!Get(aws, "CloudWatchMetrics", out var directives) || directives.ValueKind != JsonValueKind.Array)
        {
            broken.Add("_aws.CloudWatchMetrics is not an array");
            return;
        }

        foreach (var directive in directives.EnumerateArray())
        {
            if (!Get(directive, "Namespace", out var name) || name.ValueKind != JsonValueKind.String || name.GetString()!.Length is 0 or > MaxText)
                broken.Add("Namespace is not a text of 1 to 1024 characters");
            if (Get(directive, "Dimensions", out var sets) && sets.ValueKind == JsonValueKind.Array)
                foreach (var set in sets.EnumerateArray())
                    DimensionSet(root, set, broken);
            else
                broken.Add("Dimensions is not an array");
            if (Get(directive, "Metrics", out var metrics) && metrics.ValueKind == JsonValueKind.Array)
                Metrics(root, metrics, broken);
            else
                broken.Add("Metrics is not an array");
        }
    }

    private static void DimensionSet(JsonElement root, JsonElement set, List<string> broken)
    {
        var names = set.EnumerateArray().Select(static name => name.GetString()!).ToList();
        if (names.Count > MaxDimensions)
            broken.Add($"a set has {names.Count} dimensions");
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
            broken.Add("a set has a dimension twice");
        foreach (var name in names)
        {
            if (name.Length is 0 or > 250 || name[0] == ':' || !IsPrintable(name))
                broken.Add($"'{name}' is not a valid name of a dimension");
            if (!root.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
                broken.Add($"dimension '{name}' has no text in the event");
            else if (value.GetString()! is var text && (text.Length > MaxText || !IsPrintable(text)))
                broken.Add($"dimension '{name}' has the value '{text}'");
        }
    }

    private static void Metrics(JsonElement root, JsonElement metrics, List<string> broken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var metric in metrics.EnumerateArray())
        {
            if (!Get(metric, "Name", out var name) || name.GetString() is not { Length: > 0 and <= MaxText } text)
            {
                broken.Add("a metric has no name of 1 to 1024 characters");
                continue;
            }

            if (!names.Add(text))
                broken.Add($"metric '{text}' occurs twice");
            if (Get(metric, "Unit", out var unit) && !Units.Contains(unit.GetString() ?? ""))
                broken.Add($"metric '{text}' has the unit '{unit}'");
            if (!root.TryGetProperty(text, out var value) || !IsValue(value))
                broken.Add($"metric '{text}' has no value in the event");
        }

        if (metrics.GetArrayLength() is 0 or > MaxMetrics)
            broken.Add($"there are {metrics.GetArrayLength()} metrics");
    }

    /// <summary>Whether the value is a number, up to 100 numbers, a statistic set, or values with their counts.</summary>
    private static bool IsValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => IsNumber(value),
        JsonValueKind.Array => IsNumbers(value),
        JsonValueKind.Object when Get(value, "Values", out var values) => Get(value, "Counts", out var counts) && IsNumbers(values) && IsNumbers(counts)
            && values.GetArrayLength() == counts.GetArrayLength(),
        JsonValueKind.Object => Array.TrueForAll(["Max", "Min", "Count", "Sum"], name => Get(value, name, out var part) && IsNumber(part)),
        _ => false,
    };

    private static bool IsNumbers(JsonElement values) =>
        values.ValueKind == JsonValueKind.Array && values.GetArrayLength() is > 0 and <= MaxMetrics && values.EnumerateArray().All(IsNumber);

    private static bool IsNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number && Math.Abs(value.GetDouble()) <= MaxValue;

    private static bool IsPrintable(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !string.IsNullOrWhiteSpace(text);

    private static bool Get(JsonElement value, string name, out JsonElement member)
    {
        member = default;
        return value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out member);
    }
}
