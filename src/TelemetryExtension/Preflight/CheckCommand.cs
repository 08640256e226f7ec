using System.Collections.Concurrent;

namespace TelemetryExtension.Preflight;

/// <summary>The command's access to the outside world.</summary>
/// <param name="Variable">Reads an environment variable.</param>
/// <param name="Names">Of all variables that are set.</param>
/// <param name="Logged">What the extension's code logs on the way, such as why a certificate is not trusted. It belongs to the report.</param>
internal sealed record CheckEnvironment(Func<string, string?> Variable, IEnumerable<string> Names, TextWriter Output, TextWriter Error, ConcurrentQueue<string> Logged);

/// <summary>The command <c>telemetry-extension check</c>: what the settings of this environment mean, and with --connect whether the endpoints can be reached.</summary>
internal static class CheckCommand
{
    public const string Help =
        """
        Says what the settings in this environment mean to the extension. Prints no secrets.

        Usage:
          telemetry-extension check [--connect] [--json]

        Options:
          --connect  reads secrets and tries each endpoint: DNS, TCP, TLS, proxy, and an export without data for each signal
          --json     prints JSON
          --help     prints this text

        Exit codes:
          0  all is right
          1  a setting cannot be used as it is
          2  wrong arguments
          3  an endpoint cannot be used

        """;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CheckEnvironment environment, TimeProvider time, CancellationToken cancellationToken)
    {
        var (output, error) = (environment.Output, environment.Error);
        if (arguments.FirstOrDefault(static argument => argument is not ("--connect" or "--json" or "--help" or "-h")) is { } unknown)
        {
            await error.WriteLineAsync($"check: there is no option {unknown}. See telemetry-extension check --help.").ConfigureAwait(false);
            return CheckExit.Usage;
        }

        if (arguments.Contains("--help") || arguments.Contains("-h"))
        {
            await output.WriteAsync(Help).ConfigureAwait(false);
            return CheckExit.Ok;
        }

        var settings = EffectiveSettings.Read(environment.Variable, environment.Names);
        var connections = new List<CheckedConnection>();
        if (arguments.Contains("--connect"))
            connections.AddRange(await ConnectionCheck.RunAsync(settings.Options, environment.Variable, time, cancellationToken).ConfigureAwait(false));
        var report = new CheckReport(settings.All, [.. settings.Problems, .. environment.Logged.Select(Plain)], DestinationSummary.Of(settings.Options), connections);
        (arguments.Contains("--json") ? (Action<CheckReport, TextWriter>)CheckJson.Write : CheckText.Write)(report, output);
        return report.ExitCode;
    }

    private static string Plain(string line) => line.Replace("[telemetry-extension] WARN ", "", StringComparison.Ordinal);
}
