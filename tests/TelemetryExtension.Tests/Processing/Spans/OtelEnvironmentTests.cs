using System.Text;
using System.Text.RegularExpressions;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using TelemetryExtension.Processing.Spans;

namespace TelemetryExtension.Tests.Processing.Spans;

/// <summary>Runs alone, because it changes the environment of the whole process.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed partial class OtelEnvironmentTests
{
    /// <summary>Every variable name in the packages' code, with values that limit, disable, or are invalid.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("8")]
    [InlineData("true")]
    [InlineData("nonsense")]
    [InlineData("/nowhere/at/all.pem")]
    public void Encode_AllVariablesOfThePackagesSet_SpansStayWhole(string value)
    {
        var names = NamesIn(typeof(OtlpTraceExporter)).Concat(NamesIn(typeof(Sdk))).Distinct().ToList();
        Assert.True(names.Count > 60 && names.Contains("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"), string.Join(' ', names));
        var expected = SpanExportTests.Encoded();
        try
        {
            names.ForEach(name => Environment.SetEnvironmentVariable(name, value));

            Assert.Equal(expected, SpanExportTests.Encoded());
        }
        finally
        {
            names.ForEach(name => Environment.SetEnvironmentVariable(name, null));
        }
    }

    [Fact]
    public void Hide_LeavesOtherVariables()
    {
        Environment.SetEnvironmentVariable("otel_sdk_disabled", "true");
        Environment.SetEnvironmentVariable("TELEMETRY_EXTENSION_TEST", "kept");

        OtelEnvironment.Hide();

        Assert.Equal((null, "kept"), (Environment.GetEnvironmentVariable("otel_sdk_disabled"), Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_TEST")));
        Environment.SetEnvironmentVariable("TELEMETRY_EXTENSION_TEST", null);
    }

    /// <summary>Literals of .NET code are UTF-16.</summary>
    private static IEnumerable<string> NamesIn(Type type) =>
        OtelName().Matches(Encoding.Latin1.GetString(File.ReadAllBytes(type.Assembly.Location))).Select(match => match.Value.Replace("\0", "", StringComparison.Ordinal));

    [GeneratedRegex("O\0T\0E\0L\0_\0(?:[A-Z0-9_]\0)+")]
    private static partial Regex OtelName();
}
