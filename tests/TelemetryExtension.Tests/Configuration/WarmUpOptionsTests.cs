using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class WarmUpOptionsTests
{
    [Theory]
    [InlineData(null, true, true)]
    [InlineData("on-demand", true, true)]
    [InlineData("provisioned-concurrency", true, false)]
    [InlineData("snap-start", false, false)]
    [InlineData("lambda-managed-instances", false, false)]
    public void From_InitializationType_DecidesWhatIsOfUse(string? type, bool rehearses, bool connects) =>
        Assert.Equal(new(rehearses, connects), WarmUpOptions.From(new Env { ["AWS_LAMBDA_INITIALIZATION_TYPE"] = type }.Read()));

    [Theory]
    [InlineData("on-demand")]
    [InlineData("provisioned-concurrency")]
    public void From_SwitchedOff_DoesNothing(string type) => Assert.Equal(
        new(false, false),
        WarmUpOptions.From(new Env { ["AWS_LAMBDA_INITIALIZATION_TYPE"] = type, ["TELEMETRY_EXTENSION_WARM_UP"] = "false" }.Read()));
}
