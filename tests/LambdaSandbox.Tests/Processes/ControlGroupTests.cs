using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Processes;

public sealed class ControlGroupTests : IDisposable
{
    private readonly Packages packages = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => packages.Dispose();

    [Fact]
    public async Task Freezer_StopsAndThaws()
    {
        await using var lambda = await StartAsync(packages.Options with { Freeze = FreezeMode.Cgroup });
        await lambda.InvokeAsync("{}", Cancellation);
        await Task.Delay(150, Cancellation);
        var result = await lambda.InvokeAsync("{}", Cancellation);
        Assert.True(result.Succeeded);
        Assert.Equal(2, result.Frozen.Count);
        Assert.All(result.Frozen, process => Assert.True(process.StoppedFor >= TimeSpan.FromMilliseconds(140)));
        Assert.True((await lambda.ShutdownAsync(cancellation: Cancellation)).Drained);
    }

    [Fact]
    public async Task CpuLimit_MakesWorkTakeLonger()
    {
        await using var lambda = await StartAsync(packages.Options with { LimitCpu = true, MemorySizeMb = 442, Timeout = TimeSpan.FromSeconds(20) });
        var result = await lambda.InvokeAsync("{\"do\":\"spin\",\"seconds\":0.3}", Cancellation);
        Assert.True(result.Succeeded);

        // A quarter of a CPU: 0.3 s of work take 1.2 s, less what the first period allows.
        Assert.True(result.Duration > TimeSpan.FromSeconds(0.8), $"{result.Duration}");
    }

    [Fact]
    public async Task MemoryLimit_OutOfMemory_IsACrash()
    {
        await using var lambda = await StartAsync(packages.Options with { LimitMemory = true, MemorySizeMb = 128 });
        var result = await lambda.InvokeAsync("{\"do\":\"hog\",\"bytes\":200000000}", Cancellation);
        Assert.True(result.OutOfMemory);
        Assert.Equal(("error", "Runtime.ExitError", 128), (result.Status, result.Error!.ErrorType, result.MaxMemoryUsedMb));
        Assert.Contains(lambda.FunctionOutput, l => l.Contains("signal: killed", StringComparison.Ordinal));
        Assert.True((await lambda.InvokeAsync("{}", Cancellation)).Succeeded);
    }

    [Fact]
    public async Task PrivateMounts_TmpSurvivesAReset_AndNobodyElseSeesIt()
    {
        SkipWithoutMounts();
        await using var lambda = await Sandbox.StartAsync(packages.Options with { PrivateMounts = true }, Cancellation);
        Assert.Equal("x", await KeptAsync(lambda));
        await lambda.InvokeAsync("{\"do\":\"exit\"}", Cancellation);
        Assert.Equal("xx", await KeptAsync(lambda));
        Assert.False(File.Exists("/tmp/kept"));
    }

    [Fact]
    public async Task PrivateMounts_PathsAreLambdas_PackagesAreReadOnly_AndNothingIsLeft()
    {
        SkipWithoutMounts();
        var existed = Directory.Exists("/var/task");
        string root;
        await using (var lambda = await Sandbox.StartAsync(packages.Options with { PrivateMounts = true }, Cancellation))
        {
            root = Path.GetDirectoryName(lambda.Opt)!;
            Assert.Contains("started with  in /var/task", lambda.FunctionOutput);
            var variables = JsonNode.Parse((await lambda.InvokeAsync("{\"do\":\"env\"}", Cancellation)).Payload!)!;
            Assert.Equal("/var/task", variables["LAMBDA_TASK_ROOT"]!.GetValue<string>());
            Assert.Equal("/var/task:/var/task/lib:/opt/lib", variables["LD_LIBRARY_PATH"]!.GetValue<string>());
            if (Environment.IsPrivilegedProcess)
                Assert.Contains("Read-only", (await lambda.InvokeAsync("{\"do\":\"write\",\"path\":\"/var/task/x\"}", Cancellation)).Payload!, StringComparison.Ordinal);
            Assert.NotEmpty(SandboxProgram.ProcessesNaming(root));
        }

        Assert.Empty(SandboxProgram.ProcessesNaming(root));
        Assert.False(Directory.Exists(root));
        Assert.Equal(existed, Directory.Exists("/var/task"));
        Assert.DoesNotContain(root, File.ReadAllText("/proc/mounts"), StringComparison.Ordinal);
    }

    private static void SkipWithoutMounts()
    {
        if (LambdaSandbox.Processes.MountNamespace.Unavailable is { } reason)
            Assert.Skip("a mount namespace needs root: " + reason);
    }

    private static async Task<string> KeptAsync(Sandbox lambda) =>
        JsonNode.Parse((await lambda.InvokeAsync("{\"do\":\"file\"}", Cancellation)).Payload!)!["kept"]!.GetValue<string>();

    private static async Task<Sandbox> StartAsync(SandboxOptions options)
    {
        try
        {
            return await Sandbox.StartAsync(options, Cancellation);
        }
        catch (SandboxException e) when (e.LacksControlGroup)
        {
            Assert.Skip(e.Message);
            throw;
        }
    }
}
