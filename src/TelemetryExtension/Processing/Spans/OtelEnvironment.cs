using System.Collections;

namespace TelemetryExtension.Processing.Spans;

/// <summary>
/// Keeps the OTEL_ variables from the OpenTelemetry packages in this process: they are about the function's own SDK, and the exporter would cut our
/// spans by its limits, or refuse to start for a value it does not know. It reads them where nobody can hand it other settings, so they are removed from
/// this process's environment. Our configuration has read them at start and keeps its copy.
/// </summary>
internal static class OtelEnvironment
{
    private const string Prefix = "OTEL_";

    /// <summary>Before every use of the packages' constructors.</summary>
    public static void Hide()
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            if (variable.Key is string name && name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                Environment.SetEnvironmentVariable(name, null);
    }
}
