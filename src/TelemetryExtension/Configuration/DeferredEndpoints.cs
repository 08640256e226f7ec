using TelemetryExtension.Otlp;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Endpoints of one destination whose settings have secrets in them. The settings are read when the secrets are known, and again when they changed. What
/// they then contain is checked like any other setting, and never printed.
/// </summary>
/// <param name="Signals">Those that share the setting of the endpoint, and so its connections.</param>
/// <param name="EndpointIsSecret">The address must not be printed either.</param>
internal sealed record DeferredEndpoints(
    IReadOnlyList<Signal> Signals, IReadOnlyList<SecretReference> References, bool EndpointIsSecret,
    Func<Func<SecretReference, string?>, SettingProblems, OtlpEndpoint?[]> Read)
{
    /// <summary>What stands for the address in the log and in names: it stays the same for each process.</summary>
    public required string ShownEndpoint { get; init; }

    /// <summary>The endpoints of these signals, from settings with secrets in place.</summary>
    /// <param name="reader">The one that read the settings without secrets: it has reported what is wrong with them.</param>
    public static DeferredEndpoints Of(OtlpEndpointReader reader, IReadOnlyList<Signal> signals, Func<Signal, OtlpLevel[]> levelsOf, string endpoint)
    {
        var references = signals.SelectMany(signal => reader.SecretSettings(levelsOf(signal)))
            .SelectMany(static setting => SecretText.Find(setting.Text)).OfType<SecretReference>().Distinct().ToList();
        var isSecret = SecretText.HasReference(endpoint);
        return new(signals, references, isSecret, ReadAll)
        {
            ShownEndpoint = isSecret ? references[0].ToString() : Shown(endpoint),
        };

        OtlpEndpoint?[] ReadAll(Func<SecretReference, string?> valueOf, SettingProblems problems)
        {
            var expanded = reader.WithSecrets(valueOf, problems);
            var endpoints = new OtlpEndpoint?[Enum.GetValues<Signal>().Length];
            foreach (var signal in signals)
                endpoints[(int)signal] = expanded.Read(signal, levelsOf(signal));
            return endpoints;
        }
    }

    /// <summary>Without user and password, path and query.</summary>
    private static string Shown(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var url) && url.Host.Length > 0 ? url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) : endpoint;
}
