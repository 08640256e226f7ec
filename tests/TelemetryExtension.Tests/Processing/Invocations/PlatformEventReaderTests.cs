using System.Text;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class PlatformEventReaderTests
{
    /// <summary>The documentation shows megabytes, but real streams contain bytes.</summary>
    [Theory]
    [InlineData("256", 268435456L)]
    [InlineData("268435456", 268435456L)]
    [InlineData("65535", 65535L << 20)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("\"256\"", null)]
    public void InitStart_InstanceMaxMemory_IsBytes(string sent, long? bytes)
    {
        var json = $$$"""{"time":"2025-08-11T11:59:59.400Z","type":"platform.initStart","record":{"instanceId":"i","instanceMaxMemory":{{{sent}}}}}""";

        Assert.Equal(bytes, Assert.IsType<PlatformEvent.InitStart>(PlatformEventReader.Read(Encoding.UTF8.GetBytes(json), 1)).InstanceMaxMemory);
    }

    /// <summary>AWS's schema reference prints a colon before the milliseconds.</summary>
    [Theory]
    [InlineData("2022-08-02T12:01:23:521Z", 1_659_441_683_521_000_000)]
    [InlineData("2022-08-02T12:01:23.521Z", 1_659_441_683_521_000_000)]
    [InlineData("2022-08-02T12:01:23Z", 1_659_441_683_000_000_000)]
    [InlineData("2022-08-02T14:01:23.5219+02:00", 1_659_441_683_521_900_000)]
    public void RuntimeDone_StartOfASpanInAnyForm_IsRead(string start, long expected)
    {
        var done = Done($$$"""{"name":"responseLatency","start":"{{{start}}}","durationMs":12.5}""");

        Assert.Equal(new PlatformSpan("responseLatency", expected, 12.5), Assert.Single(done.Spans));
        Assert.Equal(0, done.UnreadableSpans);
    }

    [Theory]
    [InlineData("""{"name":"responseLatency","start":"yesterday","durationMs":12.5}""")]
    [InlineData("""{"name":"responseLatency","durationMs":12.5}""")]
    [InlineData("""{"name":"responseLatency","start":"2022-08-02T12:01:23.521Z","durationMs":-1}""")]
    [InlineData("""{"start":"2022-08-02T12:01:23.521Z","durationMs":1}""")]
    [InlineData("7")]
    public void RuntimeDone_SpanThatCannotBeRead_IsCounted(string span)
    {
        var done = Done(span);

        Assert.Equal((0, 1), (done.Spans.Count, done.UnreadableSpans));
    }

    /// <summary>Without this event the end of the invocation would be unknown.</summary>
    [Theory]
    [InlineData("""{"type":"platform.runtimeDone","record":{"requestId":"a","errorType":"cut \ud83d","status":"error"}}""")]
    [InlineData("""{"type":"platform.runtimeDone","record":{"\ud800":1,"requestId":"a","status":"error","tracing":{"value":"\udc00"}}}""")]
    [InlineData("""{"\ud800":{},"type":"platform.runtimeDone","record":{"requestId":"a","status":"error","spans":[{"name":"\ud800"}]}}""")]
    public void Event_WithAStringThatIsNotUnicode_IsRead(string json)
    {
        var done = Assert.IsType<PlatformEvent.RuntimeDone>(PlatformEventReader.Read(Encoding.UTF8.GetBytes(json), 1));

        Assert.Equal(("a", "error"), (done.RequestId, done.Status));
    }

    private static PlatformEvent.RuntimeDone Done(string span) => Assert.IsType<PlatformEvent.RuntimeDone>(PlatformEventReader.Read(
        Encoding.UTF8.GetBytes($$$"""{"type":"platform.runtimeDone","record":{"requestId":"a","spans":[{{{span}}}]}}"""), 1));

    [Theory]
    [InlineData("""{"time":"x","type":"platform.start","record":{}}""")]
    [InlineData("""{"type":"platform.runtimeDone","record":{"\ud800equestId":"a"}}""")]
    [InlineData("""{"type":"platform.runtimeDone"}""")]
    [InlineData("""{"type":7}""")]
    [InlineData("[]")]
    public void Event_WithoutWhatMakesIt_IsNotReadable(string json) => Assert.Null(PlatformEventReader.Read(Encoding.UTF8.GetBytes(json), 1));
}
