namespace TelemetryExtension.Configuration;

/// <summary>Collects a message for every invalid setting, with its name. An invalid setting costs only its default.</summary>
internal sealed class SettingProblems
{
    private readonly List<string> _messages = [];

    public IReadOnlyList<string> Messages => _messages;

    /// <summary>E.g. ("OTEL_EXPORTER_OTLP_TIMEOUT", "abc", "is not a whole number of milliseconds", "10000").</summary>
    public void Add(string setting, string value, string what, string usedInstead) =>
        _messages.Add($"{setting}='{(value.Length > 200 ? value[..200] + "…" : value)}' {what}; using {usedInstead}");

    /// <summary>A problem whose value must not be printed (headers, keys).</summary>
    public void AddSecret(string setting, string what, string usedInstead) => _messages.Add($"{setting} {what}; using {usedInstead}");
}
