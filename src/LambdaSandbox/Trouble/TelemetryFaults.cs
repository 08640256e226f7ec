using System.Text;
using System.Text.Json.Nodes;
using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Trouble;

/// <summary>Makes events of the Telemetry API late, repeated, out of order, broken or missing.</summary>
internal sealed class TelemetryFaults
{
    /// <summary>Longer than the distance of two events of one stream, and shorter than any wait.</summary>
    private static readonly TimeSpan Overtaken = TimeSpan.FromMilliseconds(60);

    private readonly FaultChance chance;
    private readonly IReadOnlyList<FaultSpec> duplicates;
    private readonly IReadOnlyList<FaultSpec> drops;
    private readonly IReadOnlyList<FaultSpec> corruptions;
    private readonly IReadOnlyList<FaultSpec> reorderings;
    private readonly IReadOnlyList<FaultSpec> unknown;
    private readonly List<(FaultSpec Fault, TimeSpan Limit)> delays;
    private readonly List<(FaultSpec Fault, string Type, TimeSpan Delay)> late;
    private readonly List<(FaultSpec Fault, string Type)> missing;

    public TelemetryFaults(FaultChance chance)
    {
        this.chance = chance;
        duplicates = chance.Of("telemetry-duplicate");
        drops = chance.Of("telemetry-drop");
        corruptions = chance.Of("telemetry-corrupt");
        reorderings = chance.Of("telemetry-reorder");
        unknown = chance.Of("unknown");
        delays = [.. chance.Of("telemetry-delay").Select(fault => (fault, fault.Time(fault.Value)))];
        (string Kind, string Type)[] named = [("report", "platform.report"), ("runtime-done", "platform.runtimeDone")];
        late = [.. named.SelectMany(name => chance.Of(name.Kind + "-late").Select(fault => (fault, name.Type, fault.Time(fault.Value))))];
        missing = [.. named.SelectMany(name => chance.Of(name.Kind + "-missing").Select(fault => (fault, name.Type)))];
    }

    public IEnumerable<TelemetryEvent> Change(TelemetryEvent item)
    {
        var number = chance.Number("change:" + item.Type);
        if (missing.Exists(each => each.Type == item.Type && chance.Hits(each.Fault, item.Type, number)))
            return [];
        if (item.Category == "function" && drops.Any(fault => chance.Hits(fault, item.Type, number)))
            return [new TelemetryEvent(item.Time, "platform.logsDropped", PlatformEvents.LogsDropped(1, item.Text.Length))];
        List<TelemetryEvent> events = [item];
        if (unknown.Any(fault => chance.Hits(fault, item.Type, number)))
            events = [.. Unknown(item)];
        if (duplicates.Any(fault => chance.Hits(fault, item.Type, number)))
            events.Add(item);
        return events;
    }

    public TimeSpan Delay(TelemetryEvent item)
    {
        var number = chance.Number("delay:" + item.Type);
        var sum = TimeSpan.Zero;
        foreach (var (fault, limit) in delays)
            if (chance.Hits(fault, item.Type, number))
                sum += chance.Part(fault, limit, item.Type, number);
        foreach (var (fault, type, delay) in late)
            if (type == item.Type && chance.Hits(fault, item.Type, number))
                sum += delay;
        return reorderings.Any(fault => chance.Hits(fault, item.Type, number)) ? sum + Overtaken : sum;
    }

    /// <summary>The beginning of a body with this event.</summary>
    public byte[]? Broken(TelemetryEvent item)
    {
        var number = chance.Number("broken:" + item.Type);
        if (corruptions.FirstOrDefault(fault => chance.Hits(fault, item.Type, number)) is not { } hit)
            return null;
        var body = Encoding.UTF8.GetBytes("[" + item.Text);
        return body[..(1 + (int)(chance.Part(hit, TimeSpan.FromTicks(body.Length), "cut:" + item.Type, number).Ticks % (body.Length - 1)))];
    }

    private static IEnumerable<TelemetryEvent> Unknown(TelemetryEvent item)
    {
        yield return new TelemetryEvent(item.Time, "platform.notYetInvented", new JsonObject { ["requestId"] = item.RequestId, ["depth"] = new JsonArray(1, new JsonArray(2)) });
        yield return new TelemetryEvent(item.Time, "somethingElse", JsonValue.Create("a record of an unknown type"));
        if (item.Record is not JsonObject record)
        {
            yield return item;
            yield break;
        }

        var more = record.DeepClone().AsObject();
        more["notYetInvented"] = new JsonObject { ["a"] = null, ["b"] = new JsonArray("c", 1.5, false) };
        yield return new TelemetryEvent(item.Time, item.Type, more);
    }
}
