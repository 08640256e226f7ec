using System.Security.Cryptography;
using System.Text.Json.Nodes;
using LambdaSandbox.Http;
using LambdaSandbox.Platform;
using LambdaSandbox.Processes;
using LambdaSandbox.Telemetry;

namespace LambdaSandbox;

/// <summary>A local Lambda with one execution environment.</summary>
/// <remarks>Disposing ends and reaps every process. If this process dies first, a guardian shell kills them.</remarks>
public sealed class Sandbox : IAsyncDisposable
{
    private readonly SandboxOptions options;
    private readonly Layout layout;
    private readonly ControlGroup? cgroup;
    private readonly MountNamespace? mounts;
    private readonly PlatformState platform;
    private readonly TelemetryStream telemetry;
    private readonly ApiServer server;
    private readonly ProcessSet processes;
    private readonly ImposedFreezes freezes;
    private readonly InitPhase initPhase;
    private readonly EndPhase endPhase;
    private readonly InvokePhase invokePhase;
    private readonly SemaphoreSlim oneAtATime;
    private readonly List<ExtensionHandle> extensions = [];
    private bool disposed;

    private Sandbox(
        SandboxOptions options, Layout layout, ControlGroup? cgroup, MountNamespace? mounts, PlatformState platform, TelemetryStream telemetry, ApiServer server, string token)
    {
        (this.options, this.layout, this.cgroup, this.mounts) = (options, layout, cgroup, mounts);
        (this.platform, this.telemetry, this.server) = (platform, telemetry, server);
        var stream = $"{DateTime.UtcNow:yyyy'/'MM'/'dd}/[{options.FunctionVersion}]{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        LogStream = stream;
        processes = new ProcessSet(platform, telemetry, layout, new LambdaVariables(options, server.Authority, token, stream, layout), cgroup, mounts);
        initPhase = new InitPhase(platform, telemetry, processes, stream);
        freezes = new ImposedFreezes(platform, telemetry, processes);
        if (processes.OwnsAllCallers)
            Guardian.WatchAddress(server.Authority);
        platform.Freeze = duration => FreezeForAsync(duration);
        endPhase = new EndPhase(platform, telemetry, processes, freezes);
        invokePhase = new InvokePhase(platform, telemetry, processes, initPhase, endPhase, freezes, stream);
        oneAtATime = new SemaphoreSlim(options.InitializationType == InitializationType.ManagedInstances ? options.MaxConcurrency : 1);
    }

    /// <summary>host:port of all three APIs, as in AWS_LAMBDA_RUNTIME_API.</summary>
    public string RuntimeApi => server.Authority;

    public string LogStream { get; }

    public string FunctionArn => platform.FunctionArn;

    /// <summary>The real folder behind /opt.</summary>
    public string Opt => layout.Opt;

    /// <summary>The real folder behind /var/task.</summary>
    public string TaskRoot => layout.Task;

    /// <summary>Null until the init phase is over.</summary>
    public InitResult? Init { get; private set; }

    /// <summary>All events of the platform in order, delivered or not.</summary>
    public IReadOnlyList<TelemetryEvent> Events => telemetry.Events;

    /// <summary>The lines of the runtime's stdout and stderr, and Lambda's own lines.</summary>
    public IReadOnlyList<string> FunctionOutput
    {
        get
        {
            lock (processes.FunctionOutput)
                return [.. processes.FunctionOutput];
        }
    }

    /// <summary>The environment for a runtime that the caller plays. Null when the sandbox starts the runtime.</summary>
    public IReadOnlyDictionary<string, string>? RuntimeVariables => processes.RuntimeIsPlayed ? processes.Variables.ForRuntime() : null;

    public int? RuntimePid => platform.Current?.RuntimeProcess?.Pid;

    /// <summary>The extensions of the current generation, or of the last one.</summary>
    public IReadOnlyList<ExtensionHandle> Extensions
    {
        get => platform.Gate.Read<IReadOnlyList<ExtensionHandle>>(() =>
        {
            if (platform.Current is { } current)
            {
                extensions.Clear();
                extensions.AddRange(current.Extensions.Select(agent => new ExtensionHandle(agent)));
            }

            return [.. extensions];
        });
    }

    /// <summary>The number of batches that subscribers accepted, and of those that they refused or that did not reach them.</summary>
    public (int Delivered, int Refused) TelemetryRequests =>
        (telemetry.Subscribers.Sum(s => s.Delivered), telemetry.Subscribers.Sum(s => s.Refused));

    /// <summary>Starts and completes the init. A failed init is not an exception: see <see cref="Init"/>. The first invocation retries it.</summary>
    /// <exception cref="SandboxException">The sandbox itself cannot work with these options.</exception>
    public static async Task<Sandbox> StartAsync(SandboxOptions options, CancellationToken cancellation = default)
    {
        var sandbox = await OpenAsync(options).ConfigureAwait(false);
        try
        {
            await sandbox.InitAsync(cancellation).ConfigureAwait(false);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Listens without starting a process, for callers that play the runtime or an extension.</summary>
    public static async Task<Sandbox> OpenAsync(SandboxOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var layout = Layout.Create(options);
        ControlGroup? cgroup = null;
        MountNamespace? mounts = null;
        try
        {
            if (layout.Mounts(options) is { Count: > 0 } wanted)
                mounts = MountNamespace.Open(wanted, layout.Stage);
            cgroup = ControlGroup.Create(options);
            var platform = new PlatformState(options);
            var telemetry = new TelemetryStream(options);
            var token = RandomNumberGenerator.GetHexString(32);
            var server = await ApiServer.StartAsync(platform, telemetry, token, options.RuntimeApiPort).ConfigureAwait(false);
            return new Sandbox(options, layout, cgroup, mounts, platform, telemetry, server, token);
        }
        catch
        {
            mounts?.Dispose();
            cgroup?.Dispose();
            layout.Dispose();
            throw;
        }
    }

    /// <summary>Runs the init phase. On success everything is frozen at its end.</summary>
    public async Task<InitResult> InitAsync(CancellationToken cancellation = default)
    {
        if (options.SuppressInit)
            return Init = new InitResult("suppressed", null, TimeSpan.Zero, "init");
        var phase = options.InitializationType == InitializationType.SnapStart ? "snap-start" : "init";
        var ahead = options.InitializationType is not InitializationType.OnDemand;
        var limit = ahead && options.InitTimeout == TimeSpan.FromSeconds(10) ? TimeSpan.FromSeconds(130) : options.InitTimeout;
        Init = await initPhase.RunAsync(phase, limit, null, cancellation).ConfigureAwait(false);
        _ = Extensions;
        if (!Init.Succeeded)
            await endPhase.RunAsync("failure").ConfigureAwait(false);
        else
            await invokePhase.FreezeAsync(platform.Current!).ConfigureAwait(false);
        return Init;
    }

    /// <summary>Runs one invocation to its very end: returns when runtime and extensions have called Next and are frozen, or were reset.</summary>
    public Task<InvocationResult> InvokeAsync(string payload, CancellationToken cancellation = default) =>
        InvokeAsync(payload, new InvokeOptions(), cancellation);

    public async Task<InvocationResult> InvokeAsync(string payload, InvokeOptions invocation, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        await oneAtATime.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var result = await invokePhase.RunAsync(payload, invocation, cancellation).ConfigureAwait(false);
            _ = Extensions;
            return result;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Ends the environment as Lambda does when it is no longer needed.</summary>
    /// <param name="reason">The reason for the extensions: spindown, timeout or failure.</param>
    public async Task<ShutdownResult> ShutdownAsync(string reason = "spindown", CancellationToken cancellation = default)
    {
        await oneAtATime.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            _ = Extensions;
            return platform.Current is null
                ? new ShutdownResult(reason, true, false, TimeSpan.Zero, null, [], [])
                : await endPhase.RunAsync(reason).ConfigureAwait(false);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Calls back for each line that the function or Lambda writes into the function's log, until it is disposed.</summary>
    public IDisposable ListenToFunction(Action<string> onLine) => processes.Listen(onLine);

    /// <summary>A line of a function that the caller plays.</summary>
    public void WriteFunctionLine(string line) => processes.WriteFunctionLine(line);

    /// <summary>A runtime that the caller plays has ended, which fails what is under way.</summary>
    public void EndPlayedRuntime(int exitCode) => platform.Gate.Do(() =>
    {
        if (platform.Current is not { IsEnding: false } generation)
            return;
        generation.RuntimeExitCode = exitCode;
        generation.Fail("Runtime.ExitError", Reasons.ExitOfRuntime(exitCode));
    });

    /// <summary>Sends the caller's own event to the subscribers, as if the platform had created it.</summary>
    public void Emit(string type, JsonNode? record, DateTimeOffset? time = null) =>
        telemetry.Publish(new TelemetryEvent(time ?? DateTimeOffset.UtcNow, type, record));

    /// <summary>Posts the caller's own body to every subscriber, unchanged.</summary>
    public void SendRawTelemetry(ReadOnlySpan<byte> body) => telemetry.PublishRaw(body.ToArray());

    /// <summary>Sends waiting events now. Returns false when they were not accepted within the limit.</summary>
    public Task<bool> FlushTelemetryAsync(TimeSpan limit) => telemetry.FlushAsync(limit);

    /// <summary>
    /// Stops all processes and the telemetry for a while, at any moment: in the middle of an invocation or of a shutdown, or between two. The limits of
    /// those do not count this time, but the deadlines that were already sent do not change.
    /// </summary>
    public Task FreezeForAsync(TimeSpan duration, CancellationToken cancellation = default) =>
        FreezeWhileAsync(() => Task.Delay(duration, cancellation), cancellation);

    /// <summary>Like <see cref="FreezeForAsync"/>, until <paramref name="meanwhile"/> has ended. It starts when everything is stopped.</summary>
    public Task FreezeWhileAsync(Func<Task> meanwhile, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(meanwhile);
        return freezes.FreezeWhileAsync(meanwhile, cancellation);
    }

    /// <summary>Kills one extension's process group with SIGKILL.</summary>
    public void KillExtension(string name) => Signal(name, Native.SigKill);

    /// <summary>Records that an extension that the caller plays has ended. Outside of a shutdown that is a crash, whatever the code.</summary>
    public void EndPlayedExtension(string name, int exitCode) => platform.Gate.Do(() =>
    {
        var generation = platform.Current;
        if (generation?.Extensions.Find(e => e.Name == name && e.Process is null) is not { } agent)
            return;
        agent.ExitCode = exitCode;
        agent.ExitedAt = DateTimeOffset.UtcNow;
        agent.State = ExtensionState.Exited;
        if (!generation.IsEnding)
            generation.Fail("Extension.Crash", Reasons.ExitOfExtension(name, exitCode));
    });

    public async ValueTask DisposeAsync()
    {
        if (disposed)
            return;
        disposed = true;
        if (platform.Current is { } generation)
        {
            platform.Gate.Do(() => generation.IsEnding = generation.HasEnded = true);
            foreach (var process in generation.Processes)
                process.Signal(Native.SigKill);

            // A process that a control group of version 1 has frozen dies only when it is thawed.
            if (processes.IsFrozen)
                processes.Thaw(generation);
            await Task.WhenAll(generation.Processes.Select(p => p.Exited)).ConfigureAwait(false);
            processes.KillStrays();
        }

        if (processes.OwnsAllCallers)
            Guardian.ReleaseAddress(server.Authority);

        await server.DisposeAsync().ConfigureAwait(false);
        await telemetry.DisposeAsync().ConfigureAwait(false);
        mounts?.Dispose();
        cgroup?.Dispose();
        layout.Dispose();
        oneAtATime.Dispose();
        invokePhase.Dispose();
        freezes.Dispose();
    }

    private void Signal(string name, int signal)
    {
        var pid = platform.Gate.Read(() => platform.Current?.Extensions.Find(e => e.Name == name)?.Process?.Pid);
        Native.SignalGroup(pid ?? 0, signal);
    }
}
