using System.Globalization;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>
/// Parses the command line of <c>replay</c> by hand. System.CommandLine 2.0.0 added 1.04 MB to the binary that every cold start loads (11.17 -> 12.21
/// MB, static, Size), for ten options of a command that never runs in Lambda.
/// </summary>
internal static class ReplayArguments
{
    public const string Help =
        """
        Sends dead letters of the telemetry extension to an OTLP endpoint.

        Usage:
          telemetry-extension replay [FILE|-] --endpoint URL [options]
          telemetry-extension replay --log-group GROUP --endpoint URL [options]

        FILE is log text that holds lines "otlp-dead-letter/1 ...": plain lines, an export of CloudWatch Logs (gzipped or not), or the JSON of
        "aws logs filter-log-events --filter-pattern '"otlp-dead-letter/1"'". Without FILE, or with -, it is standard input.
        Parts may come in any order, mixed and repeated.

        Options:
          --endpoint URL            base URL of the backend, e.g. http://localhost:4318
          --header NAME=VALUE       header of every request; may be repeated
          --protocol PROTOCOL       http/protobuf (default) or grpc
          --dry-run                 put together and count, but send nothing
          --state FILE              remember in FILE what was sent, and send none of it again
          --log-group GROUP         read from this log group instead of a file (credentials and region from the environment,
                                    e.g. eval "$(aws configure export-credentials --format env)")
          --log-stream-prefix TEXT  only log streams whose name begins so
          --since TIME              not older than this: 2026-01-31T12:00:00Z, or an age such as 90m, 6h, 2d
          --until TIME              not newer than this
          --help                    this text

        Exit codes:
          0    everything was sent, or --log-group holds no dead letter
          1    something could not be sent; run again, with --state only the rest is sent
          2    wrong arguments, or the input cannot be read to its end (damaged or cut-off gzip); what came before was sent
          3    all that is whole was sent, but parts are missing or damaged
          4    everything was sent, but the backend rejected some of the records; sending them again would not help
          5    the file or standard input holds no dead letter
          130  interrupted

        """;

    /// <summary>
    /// Null with a problem when the arguments (without <c>replay</c> itself) are invalid. Null without a problem when they ask for help.
    /// </summary>
    public static ReplayOptions? Parse(IReadOnlyList<string> arguments, DateTimeOffset now, out string? problem)
    {
        var options = new ReplayOptions("-", null, null, null, null, null, false, null);
        string? file = null, endpoint = null, protocol = null;
        var headers = new List<KeyValuePair<string, string>>();
        problem = null;
        for (var i = 0; i < arguments.Count && problem is null; i++)
        {
            var (name, value) = Split(arguments[i]);
            switch (name)
            {
                case "--help" or "-h" when value is null:
                    return null;
                case "--help" or "--dry-run" when value is not null:
                    problem = $"{name} takes no value";
                    continue;
                case "--dry-run":
                    options = options with { DryRun = true };
                    continue;
                case "-" or not ['-', ..]:
                    problem = file is null ? null : $"there is a second file: {name}";
                    file = arguments[i];
                    continue;
            }

            value ??= ++i < arguments.Count ? arguments[i] : null;
            if (value is null)
                problem = $"{name} needs a value";
            else if (name == "--endpoint")
                endpoint = value;
            else if (name == "--protocol")
                protocol = value;
            else if (name == "--header")
                problem = AddHeader(headers, value);
            else if (name == "--state")
                options = options with { StateFile = value };
            else if (name == "--log-group")
                options = options with { LogGroup = value };
            else if (name == "--log-stream-prefix")
                options = options with { StreamPrefix = value };
            else if (name is not ("--since" or "--until"))
                problem = $"there is no option {name}";
            else if (Time(value, now) is not { } time)
                problem = $"{name} {value} is neither a time (2026-01-31T12:00:00Z) nor an age (90m, 6h, 2d)";
            else
                options = name == "--since" ? options with { Since = time } : options with { Until = time };
        }

        problem ??= Complete(ref options, file, endpoint, protocol ?? "http/protobuf", headers);
        return problem is null ? options : null;
    }

    private static string? Complete(ref ReplayOptions options, string? file, string? endpoint, string protocol, List<KeyValuePair<string, string>> headers)
    {
        options = options with { File = file ?? "-" };
        if (options.LogGroup is not null && file is not null)
            return "there is a file and --log-group: only one of them can be read";
        if (options.LogGroup is null && (options.StreamPrefix ?? (object?)options.Since ?? options.Until) is not null)
            return "--log-stream-prefix, --since and --until need --log-group";
        if (protocol is not ("http/protobuf" or "grpc"))
            return $"--protocol {protocol} is neither http/protobuf nor grpc";
        if (endpoint is null)
            return options.DryRun ? null : "--endpoint is missing (or --dry-run)";
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return $"--endpoint {endpoint} is not a URL";
        options = options with { Target = new(url, headers, protocol) };
        return null;
    }

    private static (string Name, string? Value) Split(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            ? (argument[..at], argument[(at + 1)..])
            : (argument, null);

    private static string? AddHeader(List<KeyValuePair<string, string>> headers, string value)
    {
        var at = value.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
            return "--header needs NAME=VALUE";
        headers.Add(new(value[..at].Trim(), value[(at + 1)..].Trim()));
        return null;
    }

    private static DateTimeOffset? Time(string text, DateTimeOffset now)
    {
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            var unit = text[^1] switch { 's' => 1L, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
            // CloudWatch Logs counts from 1970.
            if (unit > 0)
                return count * unit <= now.ToUnixTimeSeconds() ? now.AddSeconds(-count * unit) : null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
    }
}
