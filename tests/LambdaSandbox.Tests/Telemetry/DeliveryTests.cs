using System.Text;
using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Telemetry;

public sealed class DeliveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ColdInvocation_EventsComeInTheDocumentedOrder_AndReportOnlyAfterThaw()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        await environment.InvokeAsync();
        Assert.Single(environment.Made("platform.report"));
        Assert.DoesNotContain("platform.report", environment.Listener.Types);

        await environment.Lambda.ShutdownAsync(cancellation: Cancellation);
        Assert.Equal(
            [
                "platform.initStart", "platform.telemetrySubscription", "platform.initRuntimeDone", "platform.extension", "platform.initReport",
                "platform.start", "platform.runtimeDone", "platform.report",
            ],
            environment.Listener.Types);
    }

    [Fact]
    public async Task Report_OfTheFirst_ComesWithTheSecond()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var first = await environment.InvokeAsync();
        var second = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.Listener.WaitAsync(l => l.Types.Contains("platform.report"), Cancellation);
        var report = environment.Listener.Events.Single(e => e["type"]!.GetValue<string>() == "platform.report");
        Assert.Equal(first.RequestId, report["record"]!["requestId"]!.GetValue<string>());

        environment.RuntimeNext = await environment.Runtime.ServeAsync(environment.RuntimeNext);
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        Assert.True((await second).Succeeded);
    }

    [Fact]
    public async Task Refused_IsSentAgain()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Freeze = FreezeMode.None }, Cancellation, subscribe: true);
        environment.Listener.Answer = n => Task.FromResult(n <= 2 ? 500 : 200);
        environment.Lambda.Emit("platform.custom", new JsonObject { ["a"] = 1 });
        await environment.Lambda.FlushTelemetryAsync(TimeSpan.FromSeconds(5));
        Assert.Contains("platform.custom", environment.Listener.Types);
        Assert.True(environment.Lambda.TelemetryRequests.Delivered > 0);
    }

    [Fact]
    public async Task SlowConsumer_EventsAreDropped_AndItIsTold()
    {
        var options = new SandboxOptions { Freeze = FreezeMode.None, TelemetryQueueBytes = 2000 };
        await using var environment = await PlayedEnvironment.StartAsync(options, Cancellation);
        var release = new TaskCompletionSource();
        environment.Listener.Answer = async _ =>
        {
            await release.Task;
            return 200;
        };
        for (var i = 0; i < 50; i++)
            environment.Lambda.Emit("function", new string('x', 200));
        release.SetResult();
        await environment.Listener.WaitAsync(l => l.Types.Contains("platform.logsDropped"), Cancellation);
        var record = environment.Listener.Events.First(e => e["type"]!.GetValue<string>() == "platform.logsDropped")["record"]!;
        Assert.InRange(record["droppedRecords"]!.GetValue<int>(), 1, 50);
        Assert.InRange(record["droppedBytes"]!.GetValue<long>(), 200, 20_000);
    }

    [Theory]
    [InlineData("2022-07-01", false)]
    [InlineData("2022-12-13", true)]
    public async Task LogRecord_IsObjectOnlyFromSchema202212(string schema, bool isObject)
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Freeze = FreezeMode.None, SuppressInit = true }, Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.Extension.RegisterAsync();
        await environment.Extension.SubscribeAsync(environment.Listener, schema: schema);
        environment.Lambda.Emit("function", new JsonObject { ["level"] = "INFO" });
        await environment.Listener.WaitAsync(l => l.Types.Contains("function"), Cancellation);
        var record = environment.Listener.Events.First(e => e["type"]!.GetValue<string>() == "function")["record"]!;
        Assert.Equal(isObject, record is JsonObject);
        await environment.Extension.ErrorAsync("init", "Extension.Enough");
        await invoke;
    }

    [Fact]
    public async Task Raw_IsPostedAsItIs()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Freeze = FreezeMode.None }, Cancellation);
        environment.Lambda.SendRawTelemetry(Encoding.UTF8.GetBytes("{{{ garbage"));
        await environment.Listener.WaitAsync(l => l.Bodies.Contains("{{{ garbage"), Cancellation);
    }

    [Fact]
    public async Task LargeRecord_Split_CanBeJoined()
    {
        var options = new SandboxOptions { Freeze = FreezeMode.None, Faults = new SandboxFaults { SplitLargeRecords = true } };
        await using var environment = await PlayedEnvironment.StartAsync(options, Cancellation);
        var line = new string('x', 400_000);
        environment.Lambda.Emit("function", line);
        await environment.Listener.WaitAsync(l => l.Bodies.Count(b => b.Contains("xxx", StringComparison.Ordinal)) == 2, Cancellation);
        var halves = environment.Listener.Bodies.Where(b => b.Contains("xxx", StringComparison.Ordinal)).ToList();
        Assert.EndsWith("}]", halves[0], StringComparison.Ordinal);
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => JsonNode.Parse(halves[0]));
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => JsonNode.Parse(halves[1]));
        var envelope = halves[1].IndexOf("\"record\":", StringComparison.Ordinal) + "\"record\":".Length;
        var joined = JsonNode.Parse(halves[0][..^2] + halves[1][envelope..])!.AsArray();
        Assert.Equal(line, joined[0]!["record"]!.GetValue<string>());
    }

    [Fact]
    public async Task Resubscribe_ElsewhereAfterAReset_GetsOnlyWhatIsNew()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var first = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.RuntimeNext;
        environment.Lambda.EndPlayedExtension("ext", 1);
        Assert.Equal("error", (await first).Status);

        await using var elsewhere = await Listener.StartAsync();
        var second = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.Extension.RegisterAsync();
        await environment.Extension.SubscribeAsync(elsewhere);
        environment.ExtensionNext = environment.Extension.NextAsync();
        environment.RuntimeNext = await environment.Runtime.ServeAsync(environment.Runtime.NextAsync());
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        var result = await second;
        await environment.Lambda.ShutdownAsync(cancellation: Cancellation);
        Assert.Equal("platform.initStart", elsewhere.Types.First());
        Assert.Equal(
            [result.RequestId],
            elsewhere.Events.Where(e => e["type"]!.GetValue<string>() == "platform.report").Select(e => e["record"]!["requestId"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Faults_OmitDoubleAndScript()
    {
        var faults = new SandboxFaults
        {
            Telemetry = e => e.Type switch
            {
                "platform.runtimeDone" => [],
                "platform.start" => [e, e],
                _ => [e],
            },
        };
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Faults = faults }, Cancellation);
        await environment.InvokeAsync();
        Assert.Equal(2, environment.Made("platform.start").Count);
        Assert.Empty(environment.Made("platform.runtimeDone"));

        await using var scripted = await PlayedEnvironment.StartAsync(
            new SandboxOptions { Faults = new SandboxFaults { ScriptedTelemetry = true } }, Cancellation);
        await scripted.InvokeAsync(options: new InvokeOptions
        {
            WhileRunning = running =>
            {
                scripted.Lambda.Emit("platform.runtimeDone", new JsonObject { ["requestId"] = running.RequestId });
                return Task.CompletedTask;
            },
        });
        Assert.Equal(["platform.runtimeDone"], scripted.Lambda.Events.Select(e => e.Type));
    }
}
