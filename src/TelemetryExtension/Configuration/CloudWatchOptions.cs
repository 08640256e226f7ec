namespace TelemetryExtension.Configuration;

/// <summary>Which attributes of the resource every event repeats.</summary>
internal enum ResourceInEvents : byte
{
    None,

    /// <summary>service.name only: CloudWatch bills by the byte, and group and stream already name function and instance.</summary>
    Service,
    All,
}

/// <summary>Where metrics go as Embedded Metric Format.</summary>
internal enum EmfOutput : byte
{
    Off,

    /// <summary>To the log group of the destination.</summary>
    Logs,

    /// <summary>To our standard output, which Lambda ships to the function's own log group: needs no permission and no connection.</summary>
    Stdout,
}

/// <param name="Group">Template with placeholders.</param>
/// <param name="Stream">Template.</param>
/// <param name="Create">Whether a missing group or stream is created.</param>
/// <param name="RetentionDays">Of a group that we created; null leaves it as it is: for ever.</param>
internal sealed record LogTarget(string Group, string Stream, bool Create = true, int? RetentionDays = null)
{
    private static readonly string[] Placeholders = ["function", "version", "instance", "date"];

    /// <summary>The placeholders of a template that nobody fills.</summary>
    public static IEnumerable<string> UnknownPlaceholders(string template)
    {
        for (var open = template.IndexOf('{', StringComparison.Ordinal); open >= 0; open = template.IndexOf('{', open + 1))
        {
            var close = template.IndexOf('}', open);
            var name = close < 0 ? template[(open + 1)..] : template[(open + 1)..close];
            if (close < 0 || !Placeholders.Contains(name))
                yield return name;
        }
    }
}

/// <param name="Dimensions">Sets of attribute names (of the resource or of the data point).</param>
/// <param name="PointAttributes">Whether each set also has all attributes of the data point: series that differ in them stay apart.</param>
internal sealed record EmfOptions(EmfOutput Output, string Namespace, IReadOnlyList<IReadOnlyList<string>> Dimensions, bool PointAttributes = false);

/// <summary>The destination CloudWatch Logs; without a <see cref="Target"/> there is none.</summary>
internal sealed record CloudWatchOptions(LogTarget? Target, bool Logs, bool Spans, ResourceInEvents Resource, int MaxEventBytes, EmfOptions Emf)
{
    /// <summary>The longest event that PutLogEvents takes at all, and the longest that all partitions take; each counts 26 bytes more.</summary>
    public const int LargestEventBytes = 1_048_576 - 26;
    public const int SafeEventBytes = (256 * 1024) - 26;

    public const string DefaultStream = "{instance}";
    public const string DefaultNamespace = "TelemetryExtension";
    public const string DefaultDimensions = "faas.name";

    private static readonly int[] RetentionChoices = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

    private static readonly Dictionary<string, ResourceInEvents> ResourceChoices =
        new() { ["none"] = ResourceInEvents.None, ["service"] = ResourceInEvents.Service, ["all"] = ResourceInEvents.All };

    private static readonly Dictionary<string, EmfOutput> EmfChoices =
        new() { ["off"] = EmfOutput.Off, ["logs"] = EmfOutput.Logs, ["stdout"] = EmfOutput.Stdout };

    public bool Enabled => Target is not null;

    public static CloudWatchOptions From(CloudWatchSettings raw, SettingProblems problems)
    {
        var group = Template("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", raw.LogGroup, null, problems);
        var stream = Template("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_STREAM", raw.LogStream, DefaultStream, problems)!;
        var create = Setting.Bool("TELEMETRY_EXTENSION_CLOUDWATCH_CREATE", raw.Create, true, problems);
        var target = group is null ? null : new LogTarget(group, stream, create, Retention("TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS", raw.RetentionDays, problems));
        return new(
            target,
            Setting.Bool("TELEMETRY_EXTENSION_CLOUDWATCH_LOGS", raw.Logs, true, problems),
            Setting.Bool("TELEMETRY_EXTENSION_CLOUDWATCH_SPANS", raw.Spans, false, problems),
            Setting.OneOf("TELEMETRY_EXTENSION_CLOUDWATCH_RESOURCE", raw.Resource, ResourceInEvents.Service, ResourceChoices, problems),
            Setting.Int("TELEMETRY_EXTENSION_CLOUDWATCH_MAX_EVENT_BYTES", raw.MaxEventBytes, SafeEventBytes, 1024, LargestEventBytes, problems),
            EmfFrom(raw, target is not null, problems));
    }

    /// <summary>A template whose placeholders are all known; else the fallback.</summary>
    public static string? Template(string name, string? raw, string? fallback, SettingProblems problems)
    {
        if (Setting.Text(raw) is not { } template)
            return fallback;
        if (LogTarget.UnknownPlaceholders(template).FirstOrDefault() is not { } unknown)
            return template;
        problems.Add(name, template, $"has an unknown placeholder {{{unknown}}}", fallback ?? "nothing");
        return fallback;
    }

    public static int? Retention(string name, string? raw, SettingProblems problems)
    {
        if (Setting.Text(raw) is null || Setting.Int(name, raw, 0, 0, int.MaxValue, problems) is not (> 0 and var days))
            return null;
        if (RetentionChoices.Contains(days))
            return days;
        problems.Add(name, raw!, $"is not a retention that CloudWatch Logs knows ({string.Join(", ", RetentionChoices)})", "no retention");
        return null;
    }

    private static EmfOptions EmfFrom(CloudWatchSettings raw, bool hasGroup, SettingProblems problems)
    {
        var output = Setting.OneOf("TELEMETRY_EXTENSION_EMF", raw.Emf, hasGroup ? EmfOutput.Logs : EmfOutput.Off, EmfChoices, problems);
        if (output == EmfOutput.Logs && !hasGroup)
        {
            problems.Add("TELEMETRY_EXTENSION_EMF", raw.Emf!, "needs TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", "stdout");
            output = EmfOutput.Stdout;
        }

        var name = Setting.Text(raw.EmfNamespace) ?? DefaultNamespace;
        if (name.Length > 255 || name.StartsWith("AWS/", StringComparison.Ordinal)
            || name.Any(c => !char.IsAsciiLetterOrDigit(c) && !".-_/#: ".Contains(c, StringComparison.Ordinal)))
        {
            problems.Add("TELEMETRY_EXTENSION_EMF_NAMESPACE", name, "is not a CloudWatch namespace (1 to 255 of A-Z a-z 0-9 . - _ / # : and blank, not AWS/)", DefaultNamespace);
            name = DefaultNamespace;
        }

        var chosen = DimensionsFrom(raw.EmfDimensions, problems);
        return new(output, name, chosen ?? [[DefaultDimensions]], PointAttributes: chosen is null);
    }

    /// <summary>Sets apart by <c>;</c>, names by <c>,</c>; <c>none</c> for no dimensions; null for the default. At most 30 names in a set (EMF specification).</summary>
    private static List<IReadOnlyList<string>>? DimensionsFrom(string? raw, SettingProblems problems)
    {
        if (Setting.Text(raw) is not { } text)
            return null;
        if (text.Equals("none", StringComparison.OrdinalIgnoreCase))
            return [[]];
        const StringSplitOptions Neatly = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var sets = text.Split(';', Neatly).Select(set => (IReadOnlyList<string>)[.. set.Split(',', Neatly).Distinct()]).Where(set => set.Count > 0).ToList();
        if (sets.Count > 0 && sets.TrueForAll(set => set.Count <= 30))
            return sets;
        problems.Add("TELEMETRY_EXTENSION_EMF_DIMENSIONS", text, "is not a list of 1 to 30 attribute names", DefaultDimensions);
        return null;
    }
}
