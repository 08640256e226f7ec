using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class OutboxOptionsTests
{
    private const int MiB = 1024 * 1024;
    private const long NoLimit = 1L << 40;

    [Theory]
    [InlineData(0, NoLimit, 8)]
    [InlineData(128, NoLimit, 8)]
    [InlineData(256, 64 * MiB, 16)]
    [InlineData(2048, NoLimit, 32)]
    [InlineData(2048, 64 * MiB, 16)]
    public void From_Unset_TakesASixteenthWithinAQuarterOfTheHeap(int memoryMb, long heapLimit, int expectedMiB)
    {
        var problems = new SettingProblems();
        Assert.Equal(expectedMiB * MiB, OutboxOptions.From(new Env().Read(problems), memoryMb, heapLimit).MaxBytes);
        Assert.Empty(problems.Messages);
    }

    [Fact]
    public void From_HalfTheHeap_IsUsed() =>
        Assert.Equal(32 * MiB, OutboxOptions.From(new Env { ["TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES"] = $"{32 * MiB}" }.Read(), 128, 64 * MiB).MaxBytes);

    [Fact]
    public void From_MoreThanHalfTheHeap_NamesTheSettingAndKeepsTheDefault()
    {
        var problems = new SettingProblems();
        Assert.Equal(16 * MiB, OutboxOptions.From(new Env { ["TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES"] = $"{(32 * MiB) + 1} " }.Read(problems), 2048, 64 * MiB).MaxBytes);
        Assert.StartsWith("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES=", Assert.Single(problems.Messages), StringComparison.Ordinal);
    }
}
