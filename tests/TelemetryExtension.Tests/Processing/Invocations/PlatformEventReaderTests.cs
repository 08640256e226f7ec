using System.Text;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class PlatformEventReaderTests
{
    /// <summary>The documentation shows megabytes, real streams show bytes.</summary>
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

    [Theory]
    [InlineData("""{"time":"x","type":"platform.start","record":{}}""")]
    [InlineData("""{"type":"platform.runtimeDone","record":{"\ud800equestId":"a"}}""")]
    [InlineData("""{"type":"platform.start","record":{"requestId":"\ud800"}}""")]
    [InlineData("""{"type":7}""")]
    [InlineData("[]")]
    public void Event_WithoutWhatMakesIt_IsNotReadable(string json) => Assert.Null(PlatformEventReader.Read(Encoding.UTF8.GetBytes(json), 1));
}
