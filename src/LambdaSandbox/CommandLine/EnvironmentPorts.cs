using System.Net;
using System.Net.NetworkInformation;
using System.Text.RegularExpressions;
using LambdaSandbox.Runtimes;

namespace LambdaSandbox.CommandLine;

/// <summary>
/// Assigns ports, which environments share here but not on Lambda. {port} in a variable becomes a free port, {port:a} the same port in every variable. The
/// telemetry extension gets free ports where its defaults are taken.
/// </summary>
internal sealed partial class EnvironmentPorts(bool hasTelemetryExtension)
{
    private static readonly (string Variable, int Port)[] Usual =
    [
        ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", 4318), ("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", 4317), ("TELEMETRY_EXTENSION_TELEMETRY_PORT", 4327),
    ];

    private int environments;

    public static EnvironmentPorts For(SandboxOptions options) => new(
        options.Layers.Append(options.LayerZip).Append(options.LayerDirectory).Any(layer => PackageFiles.Has(layer, "extensions/telemetry-extension")));

    public SandboxOptions Assign(SandboxOptions options)
    {
        var first = Interlocked.Increment(ref environments) == 1;
        var variables = new Dictionary<string, string>(options.Environment);
        var named = new Dictionary<string, int>();
        foreach (var (name, value) in options.Environment)
            variables[name] = Placeholder().Replace(value, match => Text(match.Groups[1].Value is { Length: > 0 } key ? Named(named, key) : FreePort.Find()));
        if (hasTelemetryExtension)
        {
            // A second environment may start before the first one listens, so treat all default ports as taken.
            var taken = first ? Taken() : [.. Usual.Select(usual => usual.Port)];
            foreach (var (name, port) in Usual)
                if (!variables.ContainsKey(name) && taken.Contains(port))
                    variables[name] = Text(FreePort.Find());
        }

        return options with { Environment = variables };
    }

    private static int Named(Dictionary<string, int> named, string key) => named.TryGetValue(key, out var port) ? port : named[key] = FreePort.Find();

    private static string Text(int port) => port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static HashSet<int> Taken() => [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select((IPEndPoint point) => point.Port)];

    [GeneratedRegex(@"\{port(?::(\w+))?\}")]
    private static partial Regex Placeholder();
}
