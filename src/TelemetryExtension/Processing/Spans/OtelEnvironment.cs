using System.Collections;

namespace TelemetryExtension.Processing.Spans;

/// <summary>
/// Hides the OTEL_ variables from the OpenTelemetry packages in this process. They configure the function's own SDK, and the exporter would limit our
/// spans by them, or fail to start on an unknown value. The packages have no other way to override them, so they are removed from this process's
/// environment. Our configuration has read them at start and keeps its copy.
/// </summary>
internal static class OtelEnvironment
{
    private const string Prefix = "OTEL_";

    /// <summary>Must run before any constructor of the packages.</summary>
    public static void Hide()
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            if (variable.Key is string name && name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                Environment.SetEnvironmentVariable(name, null);
    }
}
