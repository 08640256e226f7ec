using System.Text.Json;
using System.Text.Json.Nodes;
using LambdaSandbox.Processes;
using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Platform;

/// <summary>Starts, freezes and watches the processes of a generation.</summary>
internal sealed class ProcessSet(PlatformState platform, TelemetryStream telemetry, Layout layout, LambdaVariables variables, ControlGroup? cgroup, MountNamespace? mounts)
{
    /// <summary>External and internal ones together.</summary>
    public const int MaxExtensions = 10;

    private readonly SandboxOptions options = platform.Options;

    private event Action<string>? functionLine;

    public List<string> FunctionOutput { get; } = [];

    public IDisposable Listen(Action<string> onLine)
    {
        functionLine += onLine;
        return new Listening(() => functionLine -= onLine);
    }

    public LambdaVariables Variables => variables;

    public bool RuntimeIsPlayed => options is { Command: null, FunctionZip: null, FunctionDirectory: null };

    /// <summary>
    /// Whether every process that has this Runtime API in its variables is the sandbox's own. The caller's processes, which play a part, are not to be
    /// killed.
    /// </summary>
    public bool OwnsAllCallers => !RuntimeIsPlayed && options.PlayedExtensions.Count == 0;

    public void StartExtensions(Generation generation)
    {
        foreach (var name in options.PlayedExtensions)
            platform.Gate.Do(() => generation.Extensions.Add(new ExtensionAgent(name, isExternal: true)));
        foreach (var file in layout.ExtensionFiles())
        {
            var agent = new ExtensionAgent(Path.GetFileName(file), isExternal: true);
            platform.Gate.Do(() => generation.Extensions.Add(agent));
            if (generation.Extensions.Count > MaxExtensions)
            {
                FailLaunch(generation, agent, "TooManyExtensions", $"extension {agent.Name} is one too many: Lambda starts no more than {MaxExtensions}");
                break;
            }

            if (!Layout.IsExecutable(file))
            {
                FailLaunch(generation, agent, "PermissionDenied", $"extension {agent.Name} is not executable");
                continue;
            }

            agent.StartedAt = DateTimeOffset.UtcNow;
            var seen = layout.IsMounted ? $"/opt/extensions/{agent.Name}" : file;
            var child = Start(agent.Name, Emulated(file, seen), layout.IsMounted ? "/" : layout.Root, variables.ForExtensions(), line => OnExtensionLine(agent, line));
            platform.Gate.Do(() => agent.Process = child);
            _ = WatchAsync(generation, agent, child);
            platform.Reached(LifePoint.Start, agent.Name);
        }
    }

    /// <summary>Starts the bootstrap, or the wrapper in AWS_LAMBDA_EXEC_WRAPPER with the bootstrap as its argument.</summary>
    public void StartRuntime(Generation generation)
    {
        if (RuntimeIsPlayed)
            return;
        if (FindRuntime(out var problem) is not { } command)
        {
            platform.Gate.Do(() => generation.Fail("Runtime.InvalidEntrypoint", problem));
            return;
        }

        if (options.Environment.TryGetValue("AWS_LAMBDA_EXEC_WRAPPER", out var wrapper) && wrapper.Length > 0)
        {
            var path = layout.Real(wrapper);
            if (!Layout.IsExecutable(path))
            {
                OnFunctionLine($"{wrapper}: does not exist or is not executable");
                platform.Gate.Do(() => generation.Fail("Runtime.ExitError", $"the wrapper {wrapper} does not exist or is not executable"));
                return;
            }

            command = [layout.Seen(wrapper), .. command];
        }

        var child = Start("function", command, layout.SeenTask, variables.ForRuntime(), OnFunctionLine);
        platform.Gate.Do(() => generation.RuntimeProcess = child);
        _ = WatchRuntimeAsync(generation, child);
        platform.Reached(LifePoint.Start, child.Name);
    }

    /// <summary>True between <see cref="Freeze"/> and <see cref="Thaw"/>.</summary>
    public bool IsFrozen { get; private set; }

    public void Freeze(Generation generation)
    {
        IsFrozen = true;
        if (cgroup is { Freezes: true })
        {
            var frozen = cgroup.Freeze(true);
            foreach (var child in generation.Processes)
                child.NoteStopped(frozen);
            return;
        }

        var children = platform.Gate.Read(() => generation.Processes.ToList());
        foreach (var child in children)
            child.Stop();
        foreach (var child in children)
            child.AwaitStopped();
    }

    public void Thaw(Generation generation)
    {
        IsFrozen = false;
        if (cgroup is { Freezes: true })
        {
            foreach (var child in generation.Processes)
                child.NoteContinued();
            cgroup.Freeze(false);
            return;
        }

        foreach (var child in generation.Processes)
            child.Continue();
    }

    /// <summary>Ends what has left its process group.</summary>
    public void KillStrays()
    {
        if (OwnsAllCallers)
            Strays.Kill(variables.RuntimeApi);
    }

    public static void DrainRuntimeOutput(Generation generation) => generation.RuntimeProcess?.DrainOutput();

    public bool RanOutOfMemory => cgroup?.HasKilledForMemory ?? false;

    public int MaxMemoryUsedMb(Generation generation)
    {
        if (cgroup?.PeakMemoryMb is { } peak)
            return peak;
        var kb = generation.Processes.Sum(child => ProcFs.PeakResidentKb(child.Pid));
        return kb == 0 ? Math.Min(options.MemorySizeMb, 64) : (int)Math.Min(options.MemorySizeMb, (kb + 1023) / 1024);
    }

    /// <summary>Writes a line of Lambda itself into the function's log.</summary>
    public void WriteFunctionLine(string line) => OnFunctionLine(line);

    /// <param name="file">The real path.</param>
    /// <param name="seen">The path that processes see.</param>
    private IReadOnlyList<string> Emulated(string file, string seen) => options.Emulator.Count > 0 && Layout.IsBinary(file) ? [.. options.Emulator, seen] : [seen];

    private ChildProcess Start(string name, IReadOnlyList<string> command, string folder, Dictionary<string, string> environment, Action<string> onLine)
    {
        // The child searches PATH itself, because it has Lambda's PATH and mounts.
        return ChildProcess.Start(new Launch(name, command, folder, environment, mounts?.Enter ?? [], cgroup?.ProcsFiles ?? []), onLine);
    }

    /// <summary>The command of the runtime, as processes see it. Null with the reason when there is none.</summary>
    private IReadOnlyList<string>? FindRuntime(out string? problem)
    {
        problem = null;
        if (options.Command is { } command)
            return [.. command.Select(layout.Seen)];
        string[] places = ["/var/task/bootstrap", "/opt/bootstrap"];
        var found = places.FirstOrDefault(place => File.Exists(layout.Real(place)));
        if (found is null)
            problem = $"Couldn't find valid bootstrap(s): [{string.Join(' ', places)}]";
        else if (!Layout.IsExecutable(layout.Real(found)))
            problem = $"{found} is not executable";
        return problem is null ? Emulated(layout.Real(found!), layout.Seen(found!)) : null;
    }

    private void OnExtensionLine(ExtensionAgent agent, string line)
    {
        Keep(agent.Output, line);
        options.OnLine?.Invoke(agent.Name, line);
        telemetry.Emit("extension", line + "\n");
    }

    private void OnFunctionLine(string line)
    {
        Keep(FunctionOutput, line);
        functionLine?.Invoke(line);
        options.OnLine?.Invoke("function", line);
        telemetry.Emit("function", options.LogFormat == LogFormat.Json ? (JsonNode?)AsObject(line) ?? line + "\n" : line + "\n");
    }

    private void Keep(List<string> lines, string line)
    {
        lock (lines)
        {
            if (lines.Count >= options.KeptRecords)
                lines.RemoveRange(0, (lines.Count + 1) / 2);
            lines.Add(line);
        }
    }

    private static JsonObject? AsObject(string line)
    {
        if (!line.StartsWith('{'))
            return null;
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void FailLaunch(Generation generation, ExtensionAgent agent, string errorType, string reason) => platform.Gate.Do(() =>
    {
        agent.State = ExtensionState.LaunchError;
        agent.ErrorType = errorType;
        generation.Fail("Extension.LaunchError", reason);
    });

    private async Task WatchAsync(Generation generation, ExtensionAgent agent, ChildProcess child)
    {
        var code = await child.Exited.ConfigureAwait(false);
        platform.Gate.Do(() =>
        {
            agent.ExitCode = code;
            agent.ExitedAt = DateTimeOffset.UtcNow;
            if (generation.IsEnding)
            {
                agent.State = code == 0 ? ExtensionState.Exited : ExtensionState.ShutdownFailed;
                return;
            }

            if (agent.State == ExtensionState.Started && code is 126 or 127)
            {
                agent.State = ExtensionState.LaunchError;
                agent.ErrorType = "UnknownError";
            }
            else if (agent.State is not (ExtensionState.InitError or ExtensionState.ExitError))
            {
                agent.State = ExtensionState.Exited;
                agent.ErrorType = "Extension.Crash";
            }

            generation.Fail(agent.State == ExtensionState.LaunchError ? "Extension.LaunchError" : agent.ErrorType ?? "Extension.Crash", agent.State == ExtensionState.LaunchError
                ? $"extension {agent.Name} could not be started: {Reasons.Exit(code)}"
                : Reasons.ExitOfExtension(agent.Name, code));
        });
    }

    private async Task WatchRuntimeAsync(Generation generation, ChildProcess child)
    {
        var code = await child.Exited.ConfigureAwait(false);
        platform.Gate.Do(() =>
        {
            generation.RuntimeExitCode = code;
            generation.RuntimeExitedAt = DateTimeOffset.UtcNow;
            generation.Runtime = RuntimeState.Exited;
            if (!generation.IsEnding)
                generation.Fail("Runtime.ExitError", Reasons.ExitOfRuntime(code));
        });
    }

    private sealed class Listening(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
