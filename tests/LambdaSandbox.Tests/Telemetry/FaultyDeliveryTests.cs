using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;
using LambdaSandbox.Trouble;

namespace LambdaSandbox.Tests.Telemetry;

/// <summary>Telemetry as it may come on Lambda: late, twice, split, or not at all.</summary>
public sealed class FaultyDeliveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lag_LaterEventsOvertake()
    {
        await using var environment = await StartAsync("runtime-done-late=300ms");
        await environment.InvokeAsync();
        await environment.Listener.WaitAsync(listener => listener.Types.Contains("platform.runtimeDone"), Cancellation);
        var types = environment.Listener.Types.ToList();
        Assert.True(types.IndexOf("platform.report") < types.IndexOf("platform.runtimeDone"), string.Join(' ', types));
    }

    [Fact]
    public async Task Duplicates_AreTheSameBytes()
    {
        await using var environment = await StartAsync("telemetry-duplicate");
        await environment.InvokeAsync();
        await environment.Lambda.FlushTelemetryAsync(TimeSpan.FromSeconds(5));
        var done = environment.Listener.Events.Where(item => item["type"]!.GetValue<string>() == "platform.runtimeDone").Select(item => item.ToJsonString()).ToList();
        Assert.Equal(2, done.Count);
        Assert.Equal(done[0], done[1]);
    }

    [Fact]
    public async Task Dropped_ALine_IsCounted()
    {
        await using var environment = await StartAsync("telemetry-drop");
        environment.Lambda.WriteFunctionLine("lost");
        await environment.Lambda.FlushTelemetryAsync(TimeSpan.FromSeconds(5));
        Assert.DoesNotContain("function", environment.Listener.Types);
        var dropped = environment.Listener.Events.Single(item => item["type"]!.GetValue<string>() == "platform.logsDropped")["record"]!;
        Assert.Equal(1, dropped["droppedRecords"]!.GetValue<int>());
        Assert.InRange(dropped["droppedBytes"]!.GetValue<int>(), 5, 200);
        Assert.Equal("Some logs were dropped because the downstream consumer is slower than the logs production rate", dropped["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Split_ALargeRecord_ComesInTwoBodiesThatJoin()
    {
        await using var environment = await StartAsync("telemetry-split");
        var line = new string('x', 300_000);
        environment.Lambda.WriteFunctionLine(line);
        await environment.Listener.WaitAsync(listener => listener.Bodies.Count(body => body.Contains("xxx", StringComparison.Ordinal)) == 2, Cancellation);
        var bodies = environment.Listener.Bodies.Where(body => body.Contains("xxx", StringComparison.Ordinal)).ToList();
        Assert.EndsWith("}]", bodies[0], StringComparison.Ordinal);
        const string key = "\"record\":";
        var envelope = bodies[0].IndexOf(key, StringComparison.Ordinal) + key.Length;
        Assert.Equal(bodies[0][..envelope], bodies[1][..envelope]);
        var joined = JsonNode.Parse(bodies[0][..^2] + bodies[1][envelope..])!;
        Assert.Equal(line + "\n", joined[0]!["record"]!.GetValue<string>());
    }

    [Fact]
    public async Task Corrupt_ABody_IsNotJson()
    {
        await using var environment = await StartAsync("telemetry-corrupt@1");
        await environment.InvokeAsync();
        await environment.Lambda.FlushTelemetryAsync(TimeSpan.FromSeconds(5));
        Assert.Contains(environment.Listener.Bodies, body => !body.EndsWith(']'));
        Assert.DoesNotContain("platform.runtimeDone", environment.Listener.Bodies.Where(body => body.EndsWith(']')).SelectMany(body => JsonNode.Parse(body)!.AsArray())
            .Select(item => item!["type"]!.GetValue<string>()));
    }

    private static Task<PlayedEnvironment> StartAsync(string fault) =>
        PlayedEnvironment.StartAsync(new FaultPlan([fault], 1).Apply(new SandboxOptions { Freeze = FreezeMode.None, Timeout = TimeSpan.FromSeconds(10) }), Cancellation);
}
