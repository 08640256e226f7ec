using TelemetryExtension.Configuration;

namespace TelemetryExtension.Preflight;

/// <summary>The settings as the extension would read them at its start, each with its source.</summary>
internal sealed record EffectiveSettings(ExtensionOptions Options, IReadOnlyList<CheckedSetting> All, IReadOnlyList<string> Problems)
{
    public static EffectiveSettings Read(Func<string, string?> variable, IEnumerable<string> names)
    {
        var problems = new SettingProblems();
        var reads = new Dictionary<string, SettingRead>(StringComparer.Ordinal);
        var variables = new Variables(variable, problems, read => reads[read.Name] = read);
        LogOptions.From(variables);
        var receiver = ReceiverOptions.From(variables);
        var options = ExtensionOptions.Load(variables, TelemetryOptions.From(variables), receiver, OwnPorts(receiver));
        // The extension reads them when it makes its resource.
        ResourceAttributesText.Read(options.Resource, problems);
        var settings = reads.Values.Where(static read => read.Text is not null || read.Name.StartsWith(SettingNames.Prefix, StringComparison.Ordinal))
            .Select(read => Checked(read, problems)).OrderBy(static setting => setting.Name, StringComparer.Ordinal);
        return new(options, [.. settings], [.. problems.Messages, .. SettingNames.Problems(names)]);
    }

    /// <summary>Where the extension would listen, if it ran here.</summary>
    private static int[] OwnPorts(ReceiverOptions receiver) => receiver.Enabled ? [receiver.HttpPort, receiver.GrpcPort] : [];

    private static CheckedSetting Checked(SettingRead read, SettingProblems problems)
    {
        var isWrong = read.Text is not null && problems.Messages.Any(message => message.StartsWith(read.Name + "=", StringComparison.Ordinal) || message.StartsWith(read.Name + " ", StringComparison.Ordinal));
        var source = read.Text is null ? SettingSource.Default : isWrong ? SettingSource.DefaultInstead : SettingSource.Environment;
        return new(read.Name, read.Value is null ? "none" : SettingDisplay.Of(read.Name, read.Value), source);
    }
}
