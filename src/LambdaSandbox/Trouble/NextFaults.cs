using System.Text.Json.Nodes;

namespace LambdaSandbox.Trouble;

/// <summary>Answers that a later version of Lambda may return from Next.</summary>
internal sealed class NextFaults(FaultChance chance)
{
    private readonly IReadOnlyList<FaultSpec> fields = chance.Of("unknown");
    private readonly IReadOnlyList<FaultSpec> events = chance.Of("unknown-next");

    public IEnumerable<JsonObject> Change(JsonObject item)
    {
        var type = item["eventType"]!.GetValue<string>();
        var number = chance.Number("next:" + type);
        if (fields.Any(fault => chance.Hits(fault, type, number)))
        {
            item["notYetInvented"] = new JsonObject { ["a"] = null, ["b"] = new JsonArray("c", 1.5, false) };
            item["alsoNew"] = true;
        }

        return type == "INVOKE" && events.Any(fault => chance.Hits(fault, type, number))
            ? [new JsonObject { ["eventType"] = "NOT_YET_INVENTED", ["deadlineMs"] = item["deadlineMs"]!.GetValue<long>() }, item]
            : [item];
    }
}
