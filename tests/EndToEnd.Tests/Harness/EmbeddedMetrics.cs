using LambdaSandbox.CloudWatch;

namespace EndToEnd.Tests.Harness;

/// <summary>The metrics that the extension writes in Embedded Metric Format.</summary>
internal static class EmbeddedMetrics
{
    public static bool Is(string line) => line.StartsWith("{\"_aws\":", StringComparison.Ordinal);

    public static IEnumerable<string> BrokenRules(IEnumerable<string> lines) => lines.Where(Is).SelectMany(CloudWatchRules.Check);
}
