using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

/// <summary>Environment variables for a test: <c>new Env { ["NAME"] = "value" }</c>.</summary>
internal sealed class Env : Dictionary<string, string?>
{
    public Variables Read(SettingProblems? problems = null) => new(name => this.GetValueOrDefault(name), problems ?? new());
}
