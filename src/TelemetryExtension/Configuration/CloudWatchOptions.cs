using System.Globalization;

namespace TelemetryExtension.Configuration;

/// <summary>The resource attributes that every event repeats.</summary>
internal enum ResourceInEvents : byte
{
    None,

    /// <summary>Only service.name: CloudWatch bills by the byte, and group and stream already name function and instance.</summary>
    Service,
    All,
}

/// <summary>The output for metrics in Embedded Metric Format.</summary>
internal enum EmfOutput : byte
{
    Off,

    /// <summary>To the log group of the destination.</summary>
    Logs,

    /// <summary>To standard output, which Lambda ships to the function's own log group. It needs no permission and no connection.</summary>
    Stdout,
}

/// <param name="Group">A template with placeholders.</param>
/// <param name="Stream">A template.</param>
/// <param name="Create">Whether to create a missing group or stream.</param>
/// <param name="RetentionDays">The retention of a group that the extension creates. Null keeps its logs for ever.</param>
internal sealed record LogTarget(string Group, string Stream, bool Create = true, int? RetentionDays = null)
{
    private static readonly string[] Placeholders = ["function", "version", "instance", "date"];

    /// <summary>The unknown placeholders of a template.</summary>
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

/// <param name="Dimensions">Sets of attribute names, of the resource or of the data point.</param>
/// <param name="PointAttributes">
/// Whether each set also includes all attributes of the data point, so that series with different attributes stay apart.
/// </param>
internal sealed record EmfOptions(EmfOutput Output, string Namespace, IReadOnlyList<IReadOnlyList<string>> Dimensions, bool PointAttributes = false);

/// <summary>The destination CloudWatch Logs. Without a <see cref="Target"/> there is none.</summary>
internal sealed record CloudWatchOptions(LogTarget? Target, bool Logs, bool Spans, ResourceInEvents Resource, int MaxEventBytes, EmfOptions Emf)
{
    /// <summary>The largest event that PutLogEvents accepts. Each event counts 26 bytes more.</summary>
    public const int LargestEventBytes = 1_048_576 - 26;

    /// <summary>The largest event that every partition accepts.</summary>
    public const int SafeEventBytes = (256 * 1024) - 26;

    public const string DefaultStream = "{instance}";
    public const string DefaultNamespace = "TelemetryExtension";
    public const string DefaultDimensions = "faas.name";

    private static readonly int[] RetentionChoices = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

    public bool Enabled => Target is not null;

    public static CloudWatchOptions From(Variables variables)
    {
        var group = Template(variables, "TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", null);
        var stream = Template(variables, "TELEMETRY_EXTENSION_CLOUDWATCH_LOG_STREAM", DefaultStream)!;
        var create = variables.Bool("TELEMETRY_EXTENSION_CLOUDWATCH_CREATE", true);
        var retention = Retention(variables, "TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS");
        return new(
            group is null ? null : new LogTarget(group, stream, create, retention),
            variables.Bool("TELEMETRY_EXTENSION_CLOUDWATCH_LOGS", true),
            variables.Bool("TELEMETRY_EXTENSION_CLOUDWATCH_SPANS", false),
            variables.OneOf("TELEMETRY_EXTENSION_CLOUDWATCH_RESOURCE", ResourceInEvents.Service),
            variables.Bytes("TELEMETRY_EXTENSION_CLOUDWATCH_MAX_EVENT_BYTES", SafeEventBytes, 1024, LargestEventBytes),
            EmfFrom(variables, group is not null));
    }

    /// <summary>The template if all its placeholders are known, otherwise the fallback.</summary>
    public static string? Template(Variables variables, string name, string? fallback)
    {
        if (variables.Text(name) is not { } template)
            return fallback;
        if (LogTarget.UnknownPlaceholders(template).FirstOrDefault() is not { } unknown)
            return template;
        variables.Problems.Add(name, template, $"has an unknown placeholder {{{unknown}}}", fallback ?? "nothing");
        return fallback;
    }

    public static int? Retention(Variables variables, string name)
    {
        if (variables.Int(name, 0, 0, int.MaxValue) is not (> 0 and var days))
            return null;
        if (RetentionChoices.Contains(days))
            return days;
        variables.Problems.Add(name, days.ToString(CultureInfo.InvariantCulture), $"is not a retention that CloudWatch Logs knows ({string.Join(", ", RetentionChoices)})", "no retention");
        return null;
    }

    private static EmfOptions EmfFrom(Variables variables, bool hasGroup)
    {
        var output = variables.OneOf("TELEMETRY_EXTENSION_EMF", hasGroup ? EmfOutput.Logs : EmfOutput.Off);
        if (output == EmfOutput.Logs && !hasGroup)
        {
            variables.Problems.Add("TELEMETRY_EXTENSION_EMF", "logs", "needs TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", "stdout");
            output = EmfOutput.Stdout;
        }

        var name = variables.Text("TELEMETRY_EXTENSION_EMF_NAMESPACE") ?? DefaultNamespace;
        if (name.Length > 255 || name.StartsWith("AWS/", StringComparison.Ordinal)
            || name.Any(c => !char.IsAsciiLetterOrDigit(c) && !".-_/#: ".Contains(c, StringComparison.Ordinal)))
        {
            variables.Problems.Add("TELEMETRY_EXTENSION_EMF_NAMESPACE", name, "is not a CloudWatch namespace (1 to 255 of A-Z a-z 0-9 . - _ / # : and blank, not AWS/)", DefaultNamespace);
            name = DefaultNamespace;
        }

        var chosen = DimensionsFrom(variables);
        return new(output, name, chosen ?? [[DefaultDimensions]], PointAttributes: chosen is null);
    }

    /// <summary>
    /// Sets separated by <c>;</c>, names by <c>,</c>. <c>none</c> means no dimensions, null means the default. At most 30 names in a set (EMF
    /// specification).
    /// </summary>
    private static List<IReadOnlyList<string>>? DimensionsFrom(Variables variables)
    {
        if (variables.Text("TELEMETRY_EXTENSION_EMF_DIMENSIONS") is not { } text)
            return null;
        if (text.Equals("none", StringComparison.OrdinalIgnoreCase))
            return [[]];
        const StringSplitOptions Neatly = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var sets = text.Split(';', Neatly).Select(set => (IReadOnlyList<string>)[.. set.Split(',', Neatly).Distinct()]).Where(set => set.Count > 0).ToList();
        if (sets.Count > 0 && sets.TrueForAll(set => set.Count <= 30))
            return sets;
        variables.Problems.Add("TELEMETRY_EXTENSION_EMF_DIMENSIONS", text, "is not a list of 1 to 30 attribute names", DefaultDimensions);
        return null;
    }
}
