using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Platform;

public sealed class LifecycleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Init_ExtensionNeverRegisters_TimesOut()
    {
        var options = new SandboxOptions { PlayedExtensions = ["ext"], InitTimeout = TimeSpan.FromMilliseconds(200) };
        await using var lambda = await Sandbox.StartAsync(options, Cancellation);
        Assert.Equal(("timeout", "Sandbox.Timedout"), (lambda.Init!.Status, lambda.Init.ErrorType));
        Assert.Equal("timeout", Made(lambda, "platform.initReport").Single()["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Invoke_Cold_ReportAndRuntimeDoneHaveAllFields()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { Tracing = TracingMode.Active, MemorySizeMb = 256 }, Cancellation);
        var result = await environment.InvokeAsync(options: new InvokeOptions { TenantId = "blue" });
        Assert.True(result.Succeeded);

        var start = environment.Made("platform.start").Single().Record!;
        Assert.Equal("$LATEST", start["version"]!.GetValue<string>());
        Assert.Equal("blue", start["tenantId"]!.GetValue<string>());
        var segment = start["tracing"]!["spanId"]!.GetValue<string>();
        Assert.Contains($"Parent={segment};Sampled=1", result.TraceHeader, StringComparison.Ordinal);
        Assert.DoesNotContain(segment, start["tracing"]!["value"]!.GetValue<string>(), StringComparison.Ordinal);

        var done = environment.Made("platform.runtimeDone").Single().Record!;
        Assert.Equal("success", done["status"]!.GetValue<string>());
        Assert.Equal(11, done["metrics"]!["producedBytes"]!.GetValue<long>());
        Assert.Equal(["responseLatency", "responseDuration", "runtimeOverhead"], done["spans"]!.AsArray().Select(s => s!["name"]!.GetValue<string>()));

        var report = environment.Made("platform.report").Single().Record!;
        var metrics = report["metrics"]!;
        Assert.Equal(256, metrics["memorySizeMB"]!.GetValue<int>());
        var total = metrics["durationMs"]!.GetValue<double>() + metrics["initDurationMs"]!.GetValue<double>();
        Assert.InRange(metrics["billedDurationMs"]!.GetValue<long>(), total - 0.01, total + 1.01);
        Assert.Equal("extensionOverhead", report["spans"]!.AsArray().Single()!["name"]!.GetValue<string>());
        Assert.True(metrics["durationMs"]!.GetValue<double>() >= done["metrics"]!["durationMs"]!.GetValue<double>());

        await environment.InvokeAsync();
        Assert.Null(environment.Made("platform.report")[1].Record!["metrics"]!["initDurationMs"]);
    }

    [Theory]
    [InlineData(TracingMode.PassThrough, "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")]
    [InlineData(TracingMode.PassThrough, null)]
    [InlineData(TracingMode.None, null)]
    public async Task Tracing_NotActive_HeaderIsPassedOrUnsampledOrAbsent(TracingMode mode, string? upstream)
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Tracing = mode }, Cancellation);
        var pending = environment.ExtensionNext;
        var result = await environment.InvokeAsync(options: new InvokeOptions { TraceHeader = upstream });
        var tracing = environment.Made("platform.start").Single().Record!["tracing"];
        Assert.Null(tracing?["spanId"]);
        Assert.Equal(result.TraceHeader, tracing?["value"]!.GetValue<string>());
        Assert.Equal(result.TraceHeader, (await pending).Json["tracing"]?["value"]!.GetValue<string>());
        if (upstream is not null)
            Assert.Equal(upstream, result.TraceHeader);
        else if (mode == TracingMode.PassThrough)
            Assert.EndsWith("Sampled=0", result.TraceHeader, StringComparison.Ordinal);
        else
            Assert.Null(result.TraceHeader);
    }

    [Fact]
    public async Task Invoke_Timeout_ResetsAndTheNextInitIsSuppressed()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Timeout = TimeSpan.FromMilliseconds(300) }, Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.RuntimeNext;
        await environment.ExtensionNext;
        await environment.Listener.WaitAsync(l => l.Types.Contains("platform.runtimeDone"), Cancellation);
        var shutdown = await environment.Extension.NextAsync();
        Assert.Equal("timeout", shutdown.Json["shutdownReason"]!.GetValue<string>());
        var result = await invoke;
        Assert.Equal(("timeout", "Sandbox.Timedout"), (result.Status, result.Error!.ErrorType));
        Assert.Contains(environment.Lambda.FunctionOutput, l => l.EndsWith($"{result.RequestId} Task timed out after 0.30 seconds", StringComparison.Ordinal));
        Assert.DoesNotContain("platform.report", environment.Listener.Types);

        var second = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.BeginAsync();
        environment.RuntimeNext = await environment.Runtime.ServeAsync(environment.RuntimeNext);
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        Assert.True((await second).Succeeded);
        Assert.Equal("invoke", Made(environment.Lambda, "platform.initStart")[^1]["phase"]!.GetValue<string>());
        Assert.Equal("Already subscribed", Made(environment.Lambda, "platform.telemetrySubscription")[^1]["state"]!.GetValue<string>());
        await environment.Lambda.ShutdownAsync(cancellation: Cancellation);
        Assert.Equal(
            ["timeout", "success"],
            environment.Listener.Events.Where(e => e["type"]!.GetValue<string>() == "platform.report").Select(e => e["record"]!["status"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Invoke_ExtensionTailTooLong_PayloadIsKept_ReportSaysTimeout()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { Timeout = TimeSpan.FromMilliseconds(300), ShutdownBudget = TimeSpan.FromMilliseconds(100) }, Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        environment.RuntimeNext = await environment.Runtime.ServeAsync(environment.RuntimeNext);
        await environment.ExtensionNext;
        var result = await invoke;
        Assert.Equal(("timeout", "{\"ok\":true}"), (result.Status, result.Payload));
        Assert.Equal("success", environment.Made("platform.runtimeDone").Single().Record!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Invoke_ExtensionCrashes_InvocationFails()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.RuntimeNext;
        environment.Lambda.EndPlayedExtension("ext", 0);
        var result = await invoke;
        Assert.Equal(("error", "Extension.Crash"), (result.Status, result.Error!.ErrorType));
        Assert.Equal("Extension.Crash", environment.Made("platform.runtimeDone").Single().Record!["errorType"]!.GetValue<string>());
    }

    [Fact]
    public async Task Provisioned_ReportHasNoInitDuration()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { InitializationType = InitializationType.ProvisionedConcurrency }, Cancellation);
        await environment.InvokeAsync();
        Assert.Equal("provisioned-concurrency", environment.Made("platform.initStart").Single().Record!["initializationType"]!.GetValue<string>());
        Assert.Null(environment.Made("platform.report").Single().Record!["metrics"]!["initDurationMs"]);
    }

    [Fact]
    public async Task SnapStart_RestoreEventsComeBeforeTheFirstStart()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { InitializationType = InitializationType.SnapStart }, Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.RuntimeNext;
        environment.RuntimeNext = await environment.Runtime.ServeAsync(environment.Runtime.NextAsync());
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        Assert.True((await invoke).Succeeded);
        var types = environment.Lambda.Events.Select(e => e.Type).ToList();
        Assert.Equal(
            ["platform.restoreStart", "platform.restoreRuntimeDone", "platform.restoreReport", "platform.start"],
            types[types.IndexOf("platform.restoreStart")..(types.IndexOf("platform.start") + 1)]);
        Assert.NotNull(environment.Made("platform.report").Single().Record!["metrics"]!["restoreDurationMs"]);
    }

    [Fact]
    public async Task SnapStart_InitInsideAnInvocation_AnswersRestoreNextWithoutARestore()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { InitializationType = InitializationType.SnapStart, SuppressInit = true }, Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.BeginAsync(InitializationType.SnapStart);
        await environment.RuntimeNext;
        environment.RuntimeNext = await environment.Runtime.ServeAsync(environment.Runtime.NextAsync());
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        Assert.True((await invoke).Succeeded);
        Assert.True((await environment.InvokeAsync()).Succeeded);
        Assert.Empty(environment.Made("platform.restoreStart"));
    }

    [Fact]
    public async Task ManagedInstances_InvocationsOverlap_WithoutRuntimeDone()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { InitializationType = InitializationType.ManagedInstances }, Cancellation);
        using var other = new PlayedRuntime(environment.Lambda.RuntimeApi, Cancellation);
        var first = environment.Lambda.InvokeAsync("1", Cancellation);
        var second = environment.Lambda.InvokeAsync("2", Cancellation);
        var one = await environment.RuntimeNext;
        var two = await other.NextAsync();
        Assert.Equal(["1", "2"], new[] { one.Body, two.Body }.Order());
        await other.RespondAsync(two.Headers["Lambda-Runtime-Aws-Request-Id"], "b");
        await environment.Runtime.RespondAsync(one.Headers["Lambda-Runtime-Aws-Request-Id"], "a");
        Assert.True((await first).Succeeded && (await second).Succeeded);

        Assert.Empty(environment.Made("platform.runtimeDone"));
        var report = environment.Made("platform.report")[0].Record!;
        Assert.Equal(["durationMs"], report["metrics"]!.AsObject().Select(m => m.Key));
        Assert.Equal(["responseLatency", "responseDuration"], report["spans"]!.AsArray().Select(s => s!["name"]!.GetValue<string>()));
        Assert.False(environment.ExtensionNext.IsCompleted);
    }

    [Fact]
    public async Task ManagedInstances_TimeoutKillsNothing_AndALateAnswerIsGone()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { InitializationType = InitializationType.ManagedInstances, Timeout = TimeSpan.FromMilliseconds(200) }, Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        var id = (await environment.RuntimeNext).Headers["Lambda-Runtime-Aws-Request-Id"];
        Assert.Equal("timeout", (await invoke).Status);
        var late = await environment.Runtime.RespondAsync(id);
        Assert.Equal((System.Net.HttpStatusCode.Gone, "InvokeTimeout"), (late.Status, late.ErrorType));
        Assert.False(environment.ExtensionNext.IsCompleted);
    }

    [Fact]
    public async Task ManagedInstances_ExtensionCrash_FailsAllThatOverlap_Once()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { InitializationType = InitializationType.ManagedInstances }, Cancellation);
        var first = environment.Lambda.InvokeAsync("1", Cancellation);
        var second = environment.Lambda.InvokeAsync("2", Cancellation);
        await environment.RuntimeNext;
        environment.Lambda.EndPlayedExtension("ext", 1);
        Assert.Equal(["Extension.Crash", "Extension.Crash"], [(await first).Error!.ErrorType, (await second).Error!.ErrorType]);
        Assert.Equal(2, environment.Made("platform.report").Count);
    }

    [Theory]
    [InlineData(false, "platform.initStart")]
    [InlineData(true, "platform.start")]
    public async Task SuppressedInit_MayComeBeforeOrAfterStart(bool after, string firstType)
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { SuppressInit = true, SuppressedInitAfterStart = after }, Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.BeginAsync();
        environment.RuntimeNext = await environment.Runtime.ServeAsync(environment.RuntimeNext);
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        Assert.True((await invoke).Succeeded);
        Assert.Equal(firstType, environment.Lambda.Events[0].Type);
        Assert.Single(environment.Made("platform.start"));
    }

    private static IReadOnlyList<JsonNode> Made(Sandbox lambda, string type) => [.. lambda.Events.Where(e => e.Type == type).Select(e => e.Record!)];
}
