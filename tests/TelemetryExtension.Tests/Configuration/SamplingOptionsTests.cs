using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class SamplingOptionsTests
{
    private const string Sampler = "TELEMETRY_EXTENSION_TRACES_SAMPLER";

    [Fact]
    public void From_NothingSet_KeepsEverything()
    {
        Assert.False(Read([]).Enabled);
        Assert.Equal(new(1, false, true, true, null, false), Read([]));
    }

    [Theory]
    [InlineData("always_on", 1.0, false)]
    [InlineData("ALWAYS_OFF", 0.0, false)]
    [InlineData("traceidratio", 0.25, false)]
    [InlineData("parentbased_always_on", 1.0, true)]
    [InlineData("parentbased_always_off", 0.0, true)]
    [InlineData("parentbased_traceidratio", 0.25, true)]
    public void From_ASampler_MeansWhatTheSpecificationSays(string name, double ratio, bool parentBased)
    {
        var options = Read(new() { [Sampler] = name, [Sampler + "_ARG"] = "0.25" });

        Assert.Equal((ratio, parentBased, ratio < 1 || parentBased), (options.Ratio, options.ParentBased, options.Enabled));
    }

    [Theory]
    [InlineData(Sampler, "jaeger_remote")]
    [InlineData(Sampler, "parentbased_")]
    [InlineData(Sampler + "_ARG", "1.5")]
    [InlineData(Sampler + "_ARG", "-1")]
    [InlineData(Sampler + "_ARG", "NaN")]
    [InlineData("TELEMETRY_EXTENSION_TRACES_KEEP", "errors,slow")]
    [InlineData("TELEMETRY_EXTENSION_TRACES_KEEP_SLOW", "soon")]
    [InlineData("TELEMETRY_EXTENSION_SAMPLE_LOGS", "yes")]
    public void From_SomethingWrong_IsNamedAndKeepsTheDefault(string name, string value)
    {
        var problems = new SettingProblems();
        var options = Read(new() { [name] = value }, problems);

        Assert.Equal(Read([]), options);
        Assert.StartsWith($"{name}='{value}'", Assert.Single(problems.Messages), StringComparison.Ordinal);
    }

    /// <summary>It is the function's: its SDK reads it too (docs/decisions/0008).</summary>
    [Fact]
    public void From_TheSamplerOfTheSdk_ChangesNothing() => Assert.False(Read(new() { ["OTEL_TRACES_SAMPLER"] = "always_off" }).Enabled);

    [Fact]
    public void From_WhatToKeep_IsAList()
    {
        Assert.Equal((false, true), Kept("coldstarts"));
        Assert.Equal((false, false), Kept("none"));
        Assert.Equal((true, true), Kept("Errors , ColdStarts"));
        Assert.Equal(TimeSpan.FromMilliseconds(1500), Read(new() { ["TELEMETRY_EXTENSION_TRACES_KEEP_SLOW"] = "1500" }).KeepSlow);

        static (bool, bool) Kept(string value) =>
            Read(new() { ["TELEMETRY_EXTENSION_TRACES_KEEP"] = value }) is var options ? (options.KeepErrors, options.KeepColdStarts) : default;
    }

    private static SamplingOptions Read(Env environment, SettingProblems? problems = null) => SamplingOptions.From(environment.Read(problems));
}
