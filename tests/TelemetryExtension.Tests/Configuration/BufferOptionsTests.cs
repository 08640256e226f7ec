using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class BufferOptionsTests
{
    private const int MiB = 1024 * 1024;
    private const long NoLimit = 1L << 40;

    [Theory]
    [InlineData(0, NoLimit, 4)]
    [InlineData(128, NoLimit, 8)]
    [InlineData(512, NoLimit, 32)]
    [InlineData(10_240, NoLimit, 64)]
    [InlineData(10_240, 64 * MiB, 16)]
    public void From_Unset_TakesASixteenthWithinBounds(int memoryMb, long heapLimit, int expectedMiB)
    {
        var problems = new SettingProblems();

        var options = BufferOptions.From(new Env().Read(problems), memoryMb, heapLimit);

        Assert.Equal(new BufferOptions(8192, expectedMiB * MiB), options);
        Assert.Empty(problems.Messages);
    }

    [Fact]
    public void From_MoreThanHalfTheHeap_NamesTheSettingAndKeepsTheDefault()
    {
        var problems = new SettingProblems();

        var options = BufferOptions.From(new Env { ["TELEMETRY_EXTENSION_BUFFER_ITEMS"] = "many", ["TELEMETRY_EXTENSION_BUFFER_BYTES"] = "50000000" }.Read(problems), 128, 64 * MiB);

        Assert.Equal(new BufferOptions(8192, 8 * MiB), options);
        Assert.Collection(problems.Messages,
            message => Assert.StartsWith("TELEMETRY_EXTENSION_BUFFER_ITEMS='many'", message, StringComparison.Ordinal),
            message => Assert.StartsWith("TELEMETRY_EXTENSION_BUFFER_BYTES='50000000'", message, StringComparison.Ordinal));
    }

    [Fact]
    public void From_Given_IsUsed() =>
        Assert.Equal(new BufferOptions(1000, MiB), BufferOptions.From(new Env { ["TELEMETRY_EXTENSION_BUFFER_ITEMS"] = "1000", ["TELEMETRY_EXTENSION_BUFFER_BYTES"] = "1048576" }.Read(), 128, NoLimit));
}
