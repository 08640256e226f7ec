using System.Globalization;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Which traces are sent. The variables are the extension's own: OTEL_TRACES_SAMPLER configures the function's SDK, which records less for it
/// (docs/decisions/0008).
/// </summary>
/// <param name="Ratio">The part of the traces to keep, from 0 to 1.</param>
/// <param name="ParentBased">Whether X-Ray's decision for a request wins over the ratio.</param>
/// <param name="KeepErrors">Keep the traces of invocations that did not succeed, timeouts included.</param>
/// <param name="KeepColdStarts">Keep the traces of cold starts.</param>
/// <param name="KeepSlow">Keep the traces of invocations that took at least so long. Null keeps none for it.</param>
/// <param name="Logs">Whether log records follow the decision about their trace.</param>
internal sealed record SamplingOptions(double Ratio, bool ParentBased, bool KeepErrors, bool KeepColdStarts, TimeSpan? KeepSlow, bool Logs)
{
    private const string Sampler = "TELEMETRY_EXTENSION_TRACES_SAMPLER";
    private const string Argument = "TELEMETRY_EXTENSION_TRACES_SAMPLER_ARG";
    private const string Keep = "TELEMETRY_EXTENSION_TRACES_KEEP";
    private const string Parent = "parentbased_";

    /// <summary>False when every trace is kept, whatever else is set.</summary>
    public bool Enabled => Ratio < 1 || ParentBased;

    public static SamplingOptions From(Variables variables)
    {
        var (ratio, parentBased) = Choose(variables);
        var keep = variables.Words(Keep, ["errors", "coldstarts"], ["errors", "coldstarts", "none"]);
        var slow = variables.Milliseconds("TELEMETRY_EXTENSION_TRACES_KEEP_SLOW", 0, 0, 900_000);
        return new(
            ratio, parentBased, keep.Contains("errors"), keep.Contains("coldstarts"), slow == TimeSpan.Zero ? null : slow,
            variables.Bool("TELEMETRY_EXTENSION_SAMPLE_LOGS", false));
    }

    private static (double Ratio, bool ParentBased) Choose(Variables variables)
    {
        var text = variables.Text(Sampler) ?? "always_on";
        var argument = RatioOf(variables);
        var name = text.ToLowerInvariant();
        var parentBased = name.StartsWith(Parent, StringComparison.Ordinal);
        switch (parentBased ? name[Parent.Length..] : name)
        {
            case "always_on":
                return (1, parentBased);
            case "always_off":
                return (0, parentBased);
            case "traceidratio":
                return (argument, parentBased);
            default:
                variables.Problems.Add(Sampler, text, "is not one of always_on, always_off, traceidratio, alone or after parentbased_", "always_on");
                return (1, false);
        }
    }

    private static double RatioOf(Variables variables)
    {
        if (variables.Text(Argument) is not { } text)
            return 1;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1)
            return ratio;
        variables.Problems.Add(Argument, text, "is not a number from 0 to 1", "1.0");
        return 1;
    }
}
