using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Harness;

/// <summary>
/// The layer and the demo function from their zips, in a local Lambda with a backend. Every invocation is checked to end as intended. <see
/// cref="EndAsync"/> then checks what must hold in every test.
/// </summary>
internal sealed class LambdaUnderTest : IAsyncDisposable
{
    private readonly List<string> _lines = [];

    private string _spoolUsed = "";

    // Use a disk like Lambda's /tmp. Otherwise /tmp may be memory that counts as the environment's.
    private readonly string _spool = $"/var/tmp/telemetry-extension-e2e-{Guid.NewGuid():N}";

    private LambdaUnderTest(OtlpBackend backend) => Backend = backend;

    public OtlpBackend Backend { get; }

    public Sandbox Sandbox { get; private set; } = null!;

    /// <summary>The log lines of all generations of the extension.</summary>
    public IReadOnlyList<string> ExtensionLines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <param name="change">The differences of this Lambda from the default.</param>
    /// <param name="environment">Variables in addition to the endpoint and free ports. Null removes a variable.</param>
    public static Task<LambdaUnderTest> StartAsync(
        Func<SandboxOptions, SandboxOptions>? change = null, params IReadOnlyList<(string Name, string? Value)> environment) =>
        StartAsync(new OtlpBackendOptions(), change, environment);

    public static async Task<LambdaUnderTest> StartAsync(
        OtlpBackendOptions backendOptions, Func<SandboxOptions, SandboxOptions>? change, params IReadOnlyList<(string Name, string? Value)> environment)
    {
        await WarmUp.OnceAsync();
        var backend = await Watched.BackendAsync(backendOptions);
        var lambda = new LambdaUnderTest(backend);
        Exits.OfThisTest.Watch(Receiver.Log, () => lambda.ExtensionLines);
        try
        {
            var options = lambda.Options(environment);
            options = change?.Invoke(options) ?? options;
            DefaultKeys.AddTo(options.Environment, backend);
            lambda._spoolUsed = options.Environment.TryGetValue("TELEMETRY_EXTENSION_SPOOL_DIRECTORY", out var folder) ? folder : "/tmp/telemetry-extension-spool";
            lambda.Sandbox = await Sandbox.StartAsync(options, TestContext.Current.CancellationToken);
            return lambda;
        }
        catch
        {
            await lambda.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs an invocation that succeeds.</summary>
    public async Task<InvocationResult> InvokeAsync(string payload, InvokeOptions? invocation = null)
    {
        var result = await AnyInvokeAsync(payload, invocation);
        Assert.True(result.Succeeded, Describe("the invocation did not succeed", result));
        return result;
    }

    /// <summary>Runs an invocation that ends with exactly this error.</summary>
    public async Task<InvocationResult> InvokeToErrorAsync(string payload, string errorType, InvokeOptions? invocation = null)
    {
        var result = await AnyInvokeAsync(payload, invocation);
        Assert.True(result.Error?.ErrorType == errorType, Describe($"the invocation did not end in {errorType}", result));
        return result;
    }

    /// <summary>Shuts down and checks: no SIGKILL, exit code 0, a balanced ledger with nothing left, and a backend whose data matches the ledger.</summary>
    /// <param name="lives">The number of starts of the extension: 1, and one more per reset.</param>
    /// <param name="init">The expected status of the init phase.</param>
    /// <param name="mayRepeat">
    /// Whether the backend may have accepted a request whose answer was lost. More may then have arrived than the ledger counts, but never less.
    /// </param>
    /// <param name="backendHasAll">Whether everything exported reached the backend, which is not so with records for other destinations only.</param>
    public async Task<Outcome> EndAsync(int lives = 1, string init = "success", bool mayRepeat = false, bool backendHasAll = true)
    {
        Assert.True(Sandbox.Init?.Status == init, $"{Sandbox.Init}\n{string.Join('\n', ExtensionLines)}");
        LookIntoSpool();
        var shutdown = await Sandbox.ShutdownAsync(cancellation: TestContext.Current.CancellationToken);
        var lines = ExtensionLines;
        var said = $"\n{string.Join('\n', lines)}";
        Assert.False(shutdown.KillNeeded, "SIGKILL was needed" + said);
        Assert.True(shutdown.Drained, "the extension did not end by itself, with 0, in time" + said);
        Assert.Equal([0], shutdown.Extensions.Select(extension => extension.ExitCode ?? -1));
        var ledgers = lines.Where(line => line.StartsWith(LedgerReading.Prefix, StringComparison.Ordinal)).ToList();
        Assert.True(ledgers.Count == lives && lines[^1] == ledgers[^1], $"not {lives} ledger lines, one at the end of each generation:{said}");
        Assert.False(lines.Any(line => line.Contains("the shutdown failed", StringComparison.Ordinal)), said);
        var outcome = new Outcome(shutdown, LedgerReading.ReadLives(ledgers), lines, Backend);
        outcome.CheckWhatAlwaysHolds(mayRepeat, backendHasAll);
        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        LookIntoSpool();
        if (Sandbox is not null)
            await Sandbox.DisposeAsync();
        await Backend.DisposeAsync();
        if (Directory.Exists(_spool))
            Directory.Delete(_spool, recursive: true);
    }

    /// <summary>Looks for secrets in its files: in the extension's own /tmp while it runs.</summary>
    private void LookIntoSpool()
    {
        var pid = Sandbox?.Extensions is [{ Pid: { } running }, ..] ? running : 0;
        var seen = $"/proc/{pid}/root{_spoolUsed}";
        Exits.OfThisTest.SawFolder(Directory.Exists(seen) ? seen : _spoolUsed);
    }

    private async Task<InvocationResult> AnyInvokeAsync(string payload, InvokeOptions? invocation) =>
        await Sandbox.InvokeAsync(payload, invocation ?? new InvokeOptions(), TestContext.Current.CancellationToken);

    private string Describe(string what, InvocationResult result) =>
        $"{what}: {result}\nextension:\n{string.Join('\n', ExtensionLines)}\nfunction:\n{string.Join('\n', Sandbox.FunctionOutput.TakeLast(20))}";

    private SandboxOptions Options(IReadOnlyList<(string Name, string? Value)> environment)
    {
        var variables = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = environment.Contains(("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")) ? Backend.GrpcUrl : Backend.HttpUrl,
            ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
            ["TELEMETRY_EXTENSION_SPOOL_DIRECTORY"] = _spool,
        };
        foreach (var (name, value) in environment)
        {
            variables.Remove(name);
            if (value is not null)
                variables[name] = value;
        }

        return new SandboxOptions
        {
            LayerZip = Artifacts.LayerZip,
            FunctionZip = Artifacts.FunctionZip,
            Environment = variables,
            OnLine = (source, line) =>
            {
                if (source != "telemetry-extension")
                    return;
                lock (_lines)
                    _lines.Add(line);
            },
        };
    }
}
