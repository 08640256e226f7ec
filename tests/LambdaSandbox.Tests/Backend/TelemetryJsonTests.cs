using System.Text.Json.Nodes;
using LambdaSandbox.Backend;

namespace LambdaSandbox.Tests.Backend;

public sealed class TelemetryJsonTests
{
    [Fact]
    public void ToJson_TwoInvocations_GivesOneObjectEachAndOneForTheRest()
    {
        JsonObject[] documents = [.. TelemetryJson.ToJson([.. Sample.First, .. Sample.Second], Sample.Logs, Sample.Metrics)];

        Assert.Equal([Sample.FirstTrace, Sample.SecondTrace, null], documents.Select(document => (string?)document["traceId"]));
        var root = documents[0]["spans"]![0]!;
        Assert.Equal("orders", (string?)root["name"]);
        Assert.Equal(182, (double?)root["offsetMs"]);
        Assert.True((bool?)root["attributes"]!["faas.coldstart"]);
        Assert.Equal("$LATEST", (string?)root["resource"]!["faas.version"]);
        Assert.Equal(["init", "responseLatency", "GET /prices"], root["children"]!.AsArray().Select(child => (string?)child!["name"]));
        Assert.Equal("order 1 accepted", (string?)root["logs"]![0]!["body"]);
        Assert.Equal("exit status 1", (string?)documents[1]["spans"]![0]!["statusMessage"]);
        Assert.Single(documents[2]["logs"]!.AsArray());
        Assert.Equal(2, (double?)documents[2]["metrics"]![1]!["value"]);
        Assert.All(documents, document => JsonNode.Parse(document.ToJsonString()));
    }
}
