using LambdaSandbox.Replay;

namespace LambdaSandbox.Tests.Replay;

public sealed class RecordedEventsTests
{
    private const string Start = """{"time":"2026-01-01T00:00:00.000Z","type":"platform.start","record":{"requestId":"a"}}""";
    private const string Log = """{"time":"2026-01-01T00:00:00.100Z","type":"function","record":"hello\n"}""";

    [Theory]
    [InlineData(Start + "\n" + Log + "\n")]
    [InlineData("[" + Start + "," + Log + "]")]
    [InlineData("[" + Start + "]\n[" + Log + "]\n")]
    public void Parse_LinesOrArrays_GiveTheEvents(string text)
    {
        var events = RecordedEvents.Parse(text, "file");
        Assert.Equal(["platform.start", "function"], events.Select(item => item.Type));
        Assert.Equal("a", events[0].RequestId);
        Assert.Equal(TimeSpan.FromMilliseconds(100), events[1].Time - events[0].Time);
    }

    [Theory]
    [InlineData("nonsense", "file:1")]
    [InlineData(Start + "\n{", "file:2")]
    [InlineData("{\"time\":1}", "an event is an object")]
    [InlineData("[1]", "an event is an object")]
    public void Parse_SomethingElse_NamesThePlace(string text, string place) =>
        Assert.Contains(place, Assert.Throws<SandboxException>(() => RecordedEvents.Parse(text, "file")).Message, StringComparison.Ordinal);
}
