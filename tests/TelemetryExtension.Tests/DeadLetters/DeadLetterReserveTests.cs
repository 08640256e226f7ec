using TelemetryExtension.Configuration;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.DeadLetters;

public sealed class DeadLetterReserveTests
{
    [Theory]
    [InlineData("off", null, 0)]
    [InlineData("stdout", "60000", 350)]
    [InlineData("cloudwatch", null, 650)]
    [InlineData("cloudwatch", "50", 350)]
    [InlineData("cloudwatch", "60000", 1000)]
    public void Reserve_CoversACallWithoutAnswerAndStdout_AndLeavesTimeToDeliver(string output, string? timeout, int milliseconds) =>
        Assert.Equal(
            TimeSpan.FromMilliseconds(milliseconds), DeadLetterOptions.From(new Env { ["TELEMETRY_EXTENSION_DEAD_LETTERS"] = output, ["TELEMETRY_EXTENSION_DEAD_LETTER_TIMEOUT"] = timeout }.Read()).Reserve);
}
