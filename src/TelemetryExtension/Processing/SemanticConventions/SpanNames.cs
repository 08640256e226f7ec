namespace TelemetryExtension.Processing.SemanticConventions;

/// <summary>Names of the spans beside the invocation's own, which has the function's name. They are the platform's terms.</summary>
internal static class SpanNames
{
    public const string Init = "init";
    public const string Restore = "restore";
    public const string Flush = "flush";
    public const string ResponseLatency = "responseLatency";
    public const string ResponseDuration = "responseDuration";
    public const string RuntimeOverhead = "runtimeOverhead";
    public const string ExtensionOverhead = "extensionOverhead";
}
