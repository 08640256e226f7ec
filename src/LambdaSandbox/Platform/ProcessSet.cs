using System.Text.Json;
using System.Text.Json.Nodes;
using LambdaSandbox.Processes;
using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Platform;

/// <summary>Starts, freezes and watches the processes of a generation.</summary>
internal sealed class ProcessSet(PlatformState platform, TelemetryStream telemetry, Layout layout, LambdaVariables variables, ControlGroup? cgroup)
{
    private readonly SandboxOptions options = platform.Options;

    public List<string> FunctionOutput { get; } = [];

    public bool RuntimeIsPlayed => options is { Command: null, FunctionZip: null, FunctionDirectory: null };

    public void StartExtensions(Generation generation)
    {
        foreach (var name in options.PlayedExtensions)
            platform.Gate.Do(() => generation.Extensions.Add(new ExtensionAgent(name, isExternal: true)));
        foreach (var file in layout.ExtensionFiles())
        {
            var agent = new ExtensionAgent(Path.GetFileName(file), isExternal: true);
            platform.Gate.Do(() => generation.Extensions.Add(agent));
            if (!Layout.IsExecutable(file))
            {
                FailLaunch(generation, agent);
                continue;
            }

            agent.StartedAt = DateTimeOffset.UtcNow;
            var child = Start(agent.Name, [file], layout.Root, variables.ForExtensions(), line => OnExtensionLine(agent, line));
            platform.Gate.Do(() => agent.Process = child);
            _ = WatchAsync(generation, agent, child);
        }
    }

    /// <summary>Starts the bootstrap, or the wrapper that AWS_LAMBDA_EXEC_WRAPPER names with the bootstrap as its argument.</summary>
    public void StartRuntime(Generation generation)
    {
        if (RuntimeIsPlayed)
            return;
        IReadOnlyList<string> command = options.Command ?? [Path.Combine(layout.Task, "bootstrap")];
        if (options.Command is null && !Layout.IsExecutable(command[0]))
        {
            platform.Gate.Do(() => generation.Fail("Runtime.InvalidEntrypoint"));
            return;
        }

        if (options.Environment.TryGetValue("AWS_LAMBDA_EXEC_WRAPPER", out var wrapper) && wrapper.Length > 0)
        {
            var path = layout.Real(wrapper);
            if (!Layout.IsExecutable(path))
            {
                OnFunctionLine($"{wrapper}: does not exist or is not executable");
                platform.Gate.Do(() => generation.Fail("Runtime.ExitError"));
                return;
            }

            command = [path, .. command];
        }

        var child = Start("function", command, layout.Task, variables.ForRuntime(), OnFunctionLine);
        platform.Gate.Do(() => generation.RuntimeProcess = child);
        _ = WatchRuntimeAsync(generation, child);
    }

    /// <summary>Between <see cref="Freeze"/> and <see cref="Thaw"/>.</summary>
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

    public static void DrainRuntimeOutput(Generation generation) => generation.RuntimeProcess?.DrainOutput();

    public bool RanOutOfMemory => cgroup?.HasKilledForMemory ?? false;

    public int MaxMemoryUsedMb(Generation generation)
    {
        if (cgroup?.PeakMemoryMb is { } peak)
            return peak;
        var kb = generation.Processes.Sum(child => ProcFs.PeakResidentKb(child.Pid));
        return kb == 0 ? Math.Min(options.MemorySizeMb, 64) : (int)Math.Min(options.MemorySizeMb, (kb + 1023) / 1024);
    }

    /// <summary>A line that Lambda itself writes into the function's log.</summary>
    public void WriteFunctionLine(string line) => OnFunctionLine(line);

    private ChildProcess Start(string name, IReadOnlyList<string> command, string folder, Dictionary<string, string> environment, Action<string> onLine)
    {
        List<(string, string)> mounts = [.. options.Mounts];
        if (options.PrivateMounts)
        {
            mounts.AddRange(new[] { (layout.Opt, "/opt"), (layout.Task, "/var/task") }.Where(mount => Directory.Exists(mount.Item2)));
            mounts.Add((layout.Tmp, "/tmp"));
        }

        return ChildProcess.Start(new Launch(name, command, folder, environment, mounts, cgroup?.ProcsFiles ?? []), onLine);
    }

    private void OnExtensionLine(ExtensionAgent agent, string line)
    {
        lock (agent.Output)
            agent.Output.Add(line);
        options.OnLine?.Invoke(agent.Name, line);
        telemetry.Emit("extension", line + "\n");
    }

    private void OnFunctionLine(string line)
    {
        lock (FunctionOutput)
            FunctionOutput.Add(line);
        options.OnLine?.Invoke("function", line);
        telemetry.Emit("function", options.LogFormat == LogFormat.Json ? (JsonNode?)AsObject(line) ?? line + "\n" : line + "\n");
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

    private void FailLaunch(Generation generation, ExtensionAgent agent) => platform.Gate.Do(() =>
    {
        agent.State = ExtensionState.LaunchError;
        agent.ErrorType = "Extension.LaunchError";
        generation.Fail("Extension.LaunchError");
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
                agent.ErrorType = "Extension.LaunchError";
            }
            else if (agent.State is not (ExtensionState.InitError or ExtensionState.ExitError))
            {
                agent.State = ExtensionState.Exited;
                agent.ErrorType = "Extension.Crash";
            }

            generation.Fail(agent.ErrorType ?? "Extension.Crash");
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
                generation.Fail("Runtime.ExitError");
        });
    }
}
