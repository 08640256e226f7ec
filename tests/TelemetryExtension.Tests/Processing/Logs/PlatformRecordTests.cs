using LambdaSandbox.Backend;
using static TelemetryExtension.Tests.Processing.Logs.LogEncoding;

namespace TelemetryExtension.Tests.Processing.Logs;

public class PlatformRecordTests
{
    [Fact]
    public void LogsDropped_IsAWarningForPeople()
    {
        var record = Assert.Single(new LogEncoding { Open = First }.EncodePlatform(
            """{"time":"2025-08-11T12:00:00.101Z","type":"platform.logsDropped","record":{"droppedBytes":12345,"droppedRecords":123,"reason":"slow \"consumer\""}}"""));
        Assert.Equal("Lambda dropped 123 log records (12345 bytes) before they reached the extension", record.Body.StringValue);
        Assert.Equal((13, "WARN", "platform.logsDropped"), ((int)record.SeverityNumber, record.SeverityText, record.EventName));
        Assert.Equal("slow \"consumer\"", Attributes(record)["reason"].StringValue);
        Assert.Equal(12345, Attributes(record)["droppedBytes"].IntValue);
        Assert.Empty(record.TraceId);
    }

    [Theory]
    [InlineData("platform.initStart", "{\"runtimeVersion\":\"x\"}", 9)]
    [InlineData("platform.initStart", "{}", 5)]
    [InlineData("platform.restoreStart", "{}", 5)]
    [InlineData("platform.initRuntimeDone", "{\"status\":\"success\"}", 5)]
    [InlineData("platform.runtimeDone", "{\"status\":\"success\"}", 5)]
    [InlineData("platform.runtimeDone", "{\"status\":\"timeout\"}", 13)]
    [InlineData("platform.initReport", "{\"initializationType\":\"on-demand\",\"status\":\"success\"}", 5)]
    [InlineData("platform.initReport", "{\"initializationType\":\"snap-start\",\"status\":\"success\"}", 9)]
    [InlineData("platform.initReport", "{\"initializationType\":\"on-demand\",\"status\":\"error\"}", 13)]
    [InlineData("platform.start", "{}", 9)]
    [InlineData("platform.report", "{\"status\":\"success\"}", 9)]
    [InlineData("platform.report", "{\"status\":\"failure\"}", 13)]
    [InlineData("platform.telemetrySubscription", "{}", 9)]
    [InlineData("platform.somethingNew", "17", 9)]
    public void Event_HasTheLevelThatLambdaGivesIt(string type, string fields, int severity) =>
        Assert.Equal(severity, (int)Assert.Single(new LogEncoding().EncodePlatform($$"""{"type":"{{type}}","record":{{fields}}}""")).SeverityNumber);

    [Fact]
    public void Event_OfAnInvocation_IsCorrelatedByItsOwnId()
    {
        var record = Assert.Single(new LogEncoding { Open = Second }.EncodePlatform(
            $$$"""{"record":{"requestId":"{{{Id}}}","metrics":{"durationMs":254.31}},"type":"platform.report"}"""));
        Assert.Equal(First.TraceIdBytes, record.TraceId.ToByteArray());
        Assert.Equal(["metrics", "faas.invocation_id"], record.Attributes.Select(pair => pair.Key));
    }

    [Fact]
    public void Fields_ThatOccurTwice_AreThereOnce()
    {
        var record = new LogEncoding { Open = LogEncoding.First }.EncodePlatform(
            """{"time":"2025-08-11T12:00:00.101Z","type":"platform.extension","record":{"name":"a","name":"b","faas.invocation_id":"x","requestId":"3da1f2dc-3222-475e-9205-e2e6c6318895"}}""").Single();

        Assert.Empty(OtlpRules.Check(record, Google.Protobuf.MessageExtensions.ToByteArray(record)));
        Assert.Equal("b", LogEncoding.Attributes(record)["name"].StringValue);
    }
}
