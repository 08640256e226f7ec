using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Processes;

public sealed class ProcessTests : IDisposable
{
    private readonly Packages packages = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => packages.Dispose();

    [Fact]
    public async Task Cycle_RealProcesses_AreFrozenBetweenInvocationsAndDrainAtTheEnd()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options, Cancellation);
        Assert.True(lambda.Init!.Succeeded, lambda.Init.ErrorType);
        var extension = Assert.Single(lambda.Extensions);
        Assert.Equal('T', State(extension.Pid!.Value));
        Assert.Equal('T', State(lambda.RuntimePid!.Value));

        var first = await lambda.InvokeAsync("{\"order\":1}", Cancellation);
        Assert.Equal("{\"order\": 1}", first.Payload);
        await Task.Delay(200, Cancellation);
        Assert.Equal('T', State(extension.Pid.Value));
        var second = await lambda.InvokeAsync("{\"order\":2}", Cancellation);
        Assert.True(second.Succeeded);
        Assert.Equal(2, second.Frozen.Count);
        Assert.All(second.Frozen, process => Assert.InRange(process.StoppedFor.TotalMilliseconds, 190, 5000));

        var end = await lambda.ShutdownAsync(cancellation: Cancellation);
        Assert.True(end.Drained);
        Assert.False(end.KillNeeded);
        Assert.Equal(0, Assert.Single(end.Extensions).ExitCode);
        Assert.Contains("shutdown spindown reports 2", extension.Output);
        Assert.All(end.Frozen, process => Assert.True(process.StoppedFor > TimeSpan.FromMilliseconds(190)));
    }

    [Fact]
    public async Task Environment_IsLambdas_AndReducedForExtensions()
    {
        var options = packages.Options with { Environment = new Dictionary<string, string>(Packages.Path) { ["MODE"] = "print-env", ["TABLE"] = "t" } };
        await using var lambda = await Sandbox.StartAsync(options, Cancellation);
        var runtime = JsonNode.Parse((await lambda.InvokeAsync("{\"do\":\"env\"}", Cancellation)).Payload!)!.AsObject();
        var extension = JsonNode.Parse(lambda.Extensions[0].Output.Single(l => l.StartsWith("ENV ", StringComparison.Ordinal))[4..])!.AsObject();

        string[] both =
        [
            "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_RUNTIME_API",
            "TZ", "LANG", "PATH", "LD_LIBRARY_PATH", "TABLE", "MODE",
        ];
        string[] runtimeOnly =
        [
            "_HANDLER", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
            "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT",
        ];
        Assert.Equal(both.Order(), Names(extension));
        Assert.Equal(both.Concat(runtimeOnly).Order(), Names(runtime));
        Assert.Equal(lambda.TaskRoot, runtime["LAMBDA_TASK_ROOT"]!.GetValue<string>());
    }

    [Fact]
    public async Task ExecWrapper_StartsTheRuntime()
    {
        var options = packages.Options with
        {
            Environment = new Dictionary<string, string>(Packages.Path) { ["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/wrapper" },
        };
        await using var lambda = await Sandbox.StartAsync(options, Cancellation);
        Assert.Contains($"started with wrapped in {lambda.TaskRoot}", lambda.FunctionOutput);
    }

    [Fact]
    public async Task Command_RunsInsteadOfBootstrap()
    {
        var options = packages.Options with { Command = ["/bin/sh", "-c", "exec ./bootstrap by command"] };
        await using var lambda = await Sandbox.StartAsync(options, Cancellation);
        Assert.Contains($"started with by command in {lambda.TaskRoot}", lambda.FunctionOutput);
    }

    [Fact]
    public async Task Logs_ComeBeforeRuntimeDone_ObjectsOnlyInJsonFormat()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options with { LogFormat = LogFormat.Json }, Cancellation);
        await lambda.InvokeAsync("{\"do\":\"log\"}", Cancellation);
        var types = lambda.Events.Select(e => e.Type).ToList();
        var between = types[types.IndexOf("platform.start")..(types.IndexOf("platform.runtimeDone") + 1)];
        Assert.Equal(["platform.start", "function", "function", "platform.runtimeDone"], between);
        var records = lambda.Events.Where(e => e.Type == "function").Select(e => e.Record!).ToList();
        Assert.Equal("an object", records[^2]["message"]!.GetValue<string>());
        Assert.Equal("plain line\n", records[^1].GetValue<string>());
        Assert.Contains(lambda.Events, e => e.Type == "extension" && e.Record!.GetValue<string>() == "registered 200\n");
    }

    [Fact]
    public async Task RuntimeExits_InvocationFails_AndTheNextOneInitsAgain()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options, Cancellation);
        var failed = await lambda.InvokeAsync("{\"do\":\"exit\"}", Cancellation);
        Assert.Equal(("error", "Runtime.ExitError"), (failed.Status, failed.Error!.ErrorType));
        Assert.Contains($"RequestId: {failed.RequestId} Error: Runtime exited with error: exit status 3\nRuntime.ExitError", lambda.FunctionOutput);
        Assert.Contains(lambda.Extensions, e => e.Output.Any(l => l.StartsWith("shutdown failure", StringComparison.Ordinal)));

        Assert.True((await lambda.InvokeAsync("{}", Cancellation)).Succeeded);
        Assert.Equal(["init", "invoke"], lambda.Events.Where(e => e.Type == "platform.initStart").Select(e => e.Record!["phase"]!.GetValue<string>()));
    }

    [Fact]
    public async Task ExtensionCrashes_EvenWithZero_InvocationFails()
    {
        var options = packages.Options with { Environment = new Dictionary<string, string>(Packages.Path) { ["MODE"] = "crash" } };
        await using var lambda = await Sandbox.StartAsync(options, Cancellation);
        var result = await lambda.InvokeAsync("{\"do\":\"sleep\"}", Cancellation);
        Assert.Equal("Extension.Crash", result.Error!.ErrorType);
    }

    [Fact]
    public async Task KillExtension_BetweenInvocations_NextOneInitsAgain()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options, Cancellation);
        lambda.KillExtension("py-ext");
        var handle = lambda.Extensions[0];
        for (var i = 0; i < 200 && handle.ExitCode is null; i++)
            await Task.Delay(10, Cancellation);
        Assert.Equal(137, handle.ExitCode);
        Assert.True((await lambda.InvokeAsync("{}", Cancellation)).Succeeded);
    }

    [Fact]
    public async Task ShutdownIgnored_IsKilledAtTheDeadline()
    {
        var options = packages.Options with
        {
            Environment = new Dictionary<string, string>(Packages.Path) { ["MODE"] = "ignore-shutdown" },
            ShutdownBudget = TimeSpan.FromMilliseconds(600),
        };
        await using var lambda = await Sandbox.StartAsync(options, Cancellation);
        var end = await lambda.ShutdownAsync(cancellation: Cancellation);
        Assert.True(end.KillNeeded);
        Assert.False(end.Drained);
        Assert.InRange(end.Duration.TotalMilliseconds, 590, 3000);
        Assert.True(lambda.Extensions[0].WasKilled);
    }

    [Fact]
    public async Task Timeout_ExtensionLearnsOfIt_AndTheEnvironmentStartsAgain()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options with { Timeout = TimeSpan.FromSeconds(4) }, Cancellation);
        var first = lambda.Extensions[0];
        var result = await lambda.InvokeAsync("{\"do\":\"sleep\"}", Cancellation);
        Assert.Equal("timeout", result.Status);
        Assert.Contains(first.Output, l => l.StartsWith("shutdown timeout", StringComparison.Ordinal));
        Assert.Equal(0, first.ExitCode);

        var again = await lambda.InvokeAsync("{}", Cancellation);
        Assert.True(again.Succeeded, again.Status);
        Assert.NotEqual(first.Pid, lambda.Extensions[0].Pid);
    }

    [Fact]
    public async Task OutOfMemory_Scripted_IsACrashWithAllMemoryUsed()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options, Cancellation);
        var result = await lambda.InvokeAsync(
            "{\"do\":\"sleep\"}", new InvokeOptions { OutOfMemoryAfter = TimeSpan.FromMilliseconds(50) }, Cancellation);
        Assert.True(result.OutOfMemory);
        Assert.Equal(("error", "Runtime.ExitError", 128), (result.Status, result.Error!.ErrorType, result.MaxMemoryUsedMb));
        var report = lambda.Events.Last(e => e.Type == "platform.report").Record!;
        Assert.Equal(128, report["metrics"]!["maxMemoryUsedMB"]!.GetValue<int>());
    }

    [Fact]
    public async Task NotExecutable_IsLaunchError()
    {
        using var broken = new Packages(extensionMode: 0b110_100_100);
        await using var lambda = await Sandbox.StartAsync(broken.Options, Cancellation);
        Assert.Equal(("Extension.LaunchError", "PermissionDenied"), (lambda.Init!.ErrorType, lambda.Extensions[0].ErrorType));
    }

    [Fact]
    public async Task ElevenExtensionFiles_TheLastIsNotStarted()
    {
        var layer = Directory.CreateTempSubdirectory("eleven-").FullName;
        Directory.CreateDirectory(Path.Combine(layer, "extensions"));
        for (var number = 1; number <= 11; number++)
        {
            var file = Path.Combine(layer, "extensions", $"ext-{number:D2}");
            File.WriteAllText(file, "#!/bin/sh\nsleep 30\n");
            File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
        }

        await using (var lambda = await Sandbox.StartAsync(new SandboxOptions { LayerDirectory = layer }, Cancellation))
        {
            Assert.Equal(("error", "Extension.LaunchError"), (lambda.Init!.Status, lambda.Init.ErrorType));
            var last = lambda.Events.Where(item => item.Type == "platform.extension").Select(item => item.Record!).Last();
            Assert.Equal(
                ("ext-11", "LaunchError", "TooManyExtensions"), ((string?)last["name"], (string?)last["state"], (string?)last["errorType"]));
            Assert.Equal(11, lambda.Events.Count(item => item.Type == "platform.extension"));
        }

        Directory.Delete(layer, recursive: true);
    }

    [Fact]
    public async Task Dispose_LeavesNoProcess_NotEvenAGrandchild()
    {
        int child;
        int runtime;
        await using (var lambda = await Sandbox.StartAsync(packages.Options, Cancellation))
        {
            var result = await lambda.InvokeAsync("{\"do\":\"child\"}", Cancellation);
            child = JsonNode.Parse(result.Payload!)!["pid"]!.GetValue<int>();
            runtime = lambda.RuntimePid!.Value;
            // A stop signal takes effect when the process is scheduled, which may take a moment on a busy machine.
            for (var i = 0; i < 200 && State(child) != 'T'; i++)
                await Task.Delay(10, Cancellation);
            Assert.Equal('T', State(child));
        }

        Assert.Null(State(runtime));
        for (var i = 0; i < 200 && State(child) is not (null or 'Z'); i++)
            await Task.Delay(10, Cancellation);
        Assert.True(State(child) is null or 'Z');
    }

    [Fact]
    public async Task SandboxKilled_GuardianKillsEverything()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "lambda-sandbox.dll"), "run", "--layer", packages.Layer, "--function", packages.Function,
                "--invoke", "{\"do\":\"child\"}", "--invoke", "{}", "--pause", "60s", "--timeout", "20s", "--private-mounts", "off", "--env", $"PATH={Packages.Path["PATH"]}",
            },
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        int child = 0;
        var root = "";
        while (child == 0 && await process.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.IndexOf("/var/task", StringComparison.Ordinal) is > 0 and var end)
                root = line[line.IndexOf('/', StringComparison.Ordinal)..end];
            if (line.Contains("\"pid\": ", StringComparison.Ordinal))
                child = JsonNode.Parse(line[line.IndexOf('{', StringComparison.Ordinal)..])!["pid"]!.GetValue<int>();
        }

        Assert.NotNull(State(child));
        Assert.True(Directory.Exists(root), root);
        process.Kill();
        for (var i = 0; i < 500 && (State(child) is not (null or 'Z') || Directory.Exists(root)); i++)
            await Task.Delay(10, Cancellation);
        Assert.True(State(child) is null or 'Z');
        Assert.False(Directory.Exists(root));
    }

    [Fact]
    public async Task CommandLine_Json_SaysWhatHappened()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "lambda-sandbox.dll"), "run", "--layer", packages.Layer, "--function", packages.Function,
                "--invoke", "{\"order\":1}", "--invoke", "{\"order\":2}", "--pause", "100ms", "--timeout", "20s", "--json", "--env", $"PATH={Packages.Path["PATH"]}",
            },
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        using var document = JsonDocument.Parse(await process.StandardOutput.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
        var root = document.RootElement;
        Assert.Equal("success", root.GetProperty("init").GetProperty("status").GetString());
        Assert.Equal(2, root.GetProperty("invocations").GetArrayLength());
        Assert.True(root.GetProperty("invocations")[1].GetProperty("frozen")[0].GetProperty("stoppedFor").GetDouble() >= 90);
        Assert.True(root.GetProperty("shutdown").GetProperty("drained").GetBoolean());
    }

    private static IEnumerable<string> Names(JsonObject variables) =>
        variables.Select(v => v.Key).Where(name => name is not ("LC_CTYPE" or "_" or "PWD" or "SHLVL" or "OLDPWD")
            && !name.Contains("PYENV", StringComparison.Ordinal)).Order();

    private static char? State(int pid) => LambdaSandbox.Processes.ProcFs.State(pid);
}
