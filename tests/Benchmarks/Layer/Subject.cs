using System.Globalization;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace Benchmarks;

/// <summary>An extension, this one or the floor, in its own local Lambda with the demo function.</summary>
internal sealed class Subject : IAsyncDisposable
{
    /// <summary>Five log lines: three of the order and two more.</summary>
    private const string Order = """{"order":{"id":"1"},"logLines":2,"logBytes":100}""";

    private readonly Sandbox _sandbox;
    private readonly OtlpBackend _backend;

    private Subject(string name, Sandbox sandbox, OtlpBackend backend, NextProbe probe)
    {
        (Name, _sandbox, _backend, CpuToNext) = (name, sandbox, backend, probe.Taken?.Cpu ?? default);
        Extension = sandbox.Extensions.Single();
    }

    public static string Artifacts => Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") ?? "artifacts";

    public static string LayerZip => Zip("telemetry-extension-layer");

    public static string FunctionZip => Zip("demo-function");

    public string Name { get; }

    public ExtensionHandle Extension { get; private set; }

    /// <summary>The time from the start of the process to its first Next.</summary>
    public TimeSpan CpuToNext { get; }

    /// <summary>utime and stime. The kernel derives them from exact run times, but reports hundredths of a second.</summary>
    public TimeSpan Cpu
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{Extension.Pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
        }
    }

    public double RssMb => double.Parse(
        File.ReadLines($"/proc/{Extension.Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))[6..^2], CultureInfo.InvariantCulture) / 1024;

    public int Requests => _backend.Requests.Count;

    /// <param name="strategy">The flush strategy. Null selects the floor.</param>
    /// <param name="cloudWatch">Whether CloudWatch Logs is a destination too. Nothing of it may be created before its first use.</param>
    /// <param name="backendTakes">The delay of the backend's answer.</param>
    public static async Task<Subject> StartAsync(string? strategy, bool cloudWatch = false, TimeSpan backendTakes = default)
    {
        var environment = new Dictionary<string, string>();
        if (cloudWatch)
        {
            environment["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "/benchmark";
            environment["TELEMETRY_EXTENSION_DEAD_LETTERS"] = "cloudwatch";
            environment["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = "http://127.0.0.1:9";
        }

        var backend = await OtlpBackend.StartAsync(new() { KeepBodies = false });
        if (backendTakes > TimeSpan.Zero)
            backend.Respond = Faults.Always(Fault.Slow(backendTakes));
        var probe = new NextProbe("telemetry-extension", "floor");
        var sandbox = await Sandbox.StartAsync(new SandboxOptions
        {
            OnNext = _ => probe.TakeAsync(),
            LayerZip = strategy is null ? null : LayerZip,
            LayerDirectory = strategy is null ? Path.Combine(Artifacts, "floor") : null,
            FunctionZip = FunctionZip,
            Environment = new Dictionary<string, string>(environment)
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl,
                ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
                ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "0",
                ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
                ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = strategy ?? "end",
            },
        });
        return sandbox.Init is { Succeeded: true }
            ? new(cloudWatch ? "with CloudWatch" : (strategy ?? "floor") + (backendTakes > TimeSpan.Zero ? $", backend takes {backendTakes.TotalMilliseconds:0} ms" : ""), sandbox, backend, probe)
            : throw new InvalidOperationException($"init failed: {sandbox.Init}");
    }

    private static string Zip(string name) => Path.Combine(
        Artifacts, name + (System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "-arm64.zip" : "-x86_64.zip"));

    public async Task<InvocationResult> InvokeAsync()
    {
        var result = await _sandbox.InvokeAsync(Order);
        if (!result.Succeeded)
            throw new InvalidOperationException($"{Name}: {result}");
        _backend.Clear();
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        await _sandbox.ShutdownAsync();
        await _sandbox.DisposeAsync();
        await _backend.DisposeAsync();
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    public static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
