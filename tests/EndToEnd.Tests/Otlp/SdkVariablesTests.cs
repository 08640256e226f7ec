using System.Text;
using System.Text.RegularExpressions;
using EndToEnd.Tests.Trouble;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace EndToEnd.Tests.Otlp;

/// <summary>Variables for the function's SDK are in the extension's environment too, and the exporter's packages in it read them.</summary>
public sealed partial class SdkVariablesTests
{
    /// <summary>These the extension reads itself, as its documents say.</summary>
    private static readonly string[] OfTheExtension = ["OTEL_EXPORTER_OTLP_", "OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"];

    [Theory]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("nonsense")]
    public async Task Every_variable_that_occurs_in_the_packages_costs_no_span_and_no_attribute(string value)
    {
        var names = NamesIn(typeof(OtlpTraceExporter)).Concat(NamesIn(typeof(Sdk))).Distinct()
            .Where(static name => !Array.Exists(OfTheExtension, own => name.StartsWith(own, StringComparison.Ordinal))).ToList();
        Assert.True(names.Count > 20 && names.Contains("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"), string.Join(' ', names));

        await using var lambda = await LambdaUnderTest.StartAsync(null, [(FaultRun.Strategy, "end"), .. names.Select(name => (name, (string?)value))]);
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
        Assert.All(results, result => Assert.Equal("orders", outcome.Invocation(result).Name));
        Assert.Equal(0, outcome.Ledger.Traces.Dropped);
    }

    /// <summary>Literals of .NET code are UTF-16.</summary>
    private static IEnumerable<string> NamesIn(Type type) =>
        OtelName().Matches(Encoding.Latin1.GetString(File.ReadAllBytes(type.Assembly.Location))).Select(match => match.Value.Replace("\0", "", StringComparison.Ordinal));

    [GeneratedRegex("O\0T\0E\0L\0_\0(?:[A-Z0-9_]\0)+")]
    private static partial Regex OtelName();
}
