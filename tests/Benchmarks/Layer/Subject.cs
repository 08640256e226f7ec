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

    private Subject(SubjectOptions options, Sandbox sandbox, OtlpBackend backend, NextProbe probe)
    {
        (Name, _sandbox, _backend, CpuToNext) = (options.Name, sandbox, backend, probe.Taken?.Cpu ?? default);
        Extension = sandbox.Extensions.Single();
    }

    public static string Artifacts => Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") ?? "artifacts";

    public static string LayerZip => Zip("telemetry-extension-layer");

    public static string FunctionZip => Zip("demo-function");

    public string Name { get; }

    public ExtensionHandle Extension { get; private set; }

    /// <summary>The time from the start of the process to its first Next.</summary>
    public TimeSpan CpuToNext { get; }

    /// <summary>Reads the kernel's figures about the process now.</summary>
    public ProcessFigures Figures => ProcessFigures.Of(Extension.Pid!.Value);

    public int Requests => _backend.Requests.Count;

    public static async Task<Subject> StartAsync(SubjectOptions options)
    {
        var backend = await OtlpBackend.StartAsync(new() { KeepBodies = false, Certificate = options.Certificate });
        if (options.BackendTakes > TimeSpan.Zero)
            backend.Respond = Faults.Always(Fault.Slow(options.BackendTakes));
        var probe = new NextProbe("telemetry-extension", "floor");
        var sandbox = await Sandbox.StartAsync(new SandboxOptions
        {
            OnNext = _ => probe.TakeAsync(),
            LayerZip = options.IsFloor ? null : options.Layer ?? LayerZip,
            LayerDirectory = options.IsFloor ? Path.Combine(Artifacts, "floor") : null,
            FunctionZip = FunctionZip,
            LimitCpu = options.LimitCpu,
            Command = options.Init > TimeSpan.Zero
                ? ["/bin/sh", "-c", Invariant($"sleep {options.Init.TotalSeconds}; exec \"$LAMBDA_TASK_ROOT/bootstrap\"")] : null,
            Environment = new Dictionary<string, string>(options.Environment)
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl,
                ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
                ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "0",
                ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
            },
        });
        return sandbox.Init is { Succeeded: true }
            ? new(options, sandbox, backend, probe)
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

    public static void Say(FormattableString text) => Console.WriteLine(Invariant(text));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
