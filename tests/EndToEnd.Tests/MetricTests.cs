using System.Diagnostics;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests;

/// <summary>The metrics of an environment's whole life, summed up like a backend does.</summary>
public sealed class MetricTests
{
    private const string Order = """{"order":{"id":"1"}}""";

    [Fact]
    public async Task Invocations_errors_cold_starts_and_durations_are_those_that_happened()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        List<InvocationResult> results = [await lambda.InvokeAsync(Order), await lambda.InvokeAsync(Order)];
        results.Add(await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined"));
        var outcome = await lambda.EndAsync();

        Assert.Equal(
            (2, 1, 0, 1),
            (outcome.Total("faas.invocations"), outcome.Total("faas.errors"), outcome.Total("faas.timeouts"), outcome.Total("faas.coldstarts")));
        var spans = results.Sum(result => outcome.Invocation(result).Duration().TotalSeconds);
        Check(outcome, "faas.invoke_duration", 3, spans);
        Check(outcome, "faas.init_duration", 1, lambda.Sandbox.Init!.Duration.TotalSeconds);
        Check(outcome, "telemetry_extension.invocation.billed_duration", 3, results.Sum(result => result.BilledDuration.TotalSeconds));
        Check(outcome, "telemetry_extension.invocation.extension_overhead", 3, results.Sum(result => result.ExtensionOverhead.TotalSeconds));
        Check(outcome, "faas.mem_usage", 3, results.Sum(result => result.MaxMemoryUsedMb) * 1024d * 1024);
        Assert.Equal(3, outcome.Distribution("telemetry_extension.invocation.response_latency").Count);
        Assert.True(outcome.Total("telemetry_extension.estimated_cost") > 0);
        Assert.DoesNotContain(outcome.Metrics, metric => metric.Unit.Length == 0 || metric.Description.Length == 0);
    }

    [Theory]
    [InlineData("end")]
    [InlineData("periodic")]
    public async Task The_environment_is_measured_while_invocations_run_whenever_a_flush_comes(string strategy)
    {
        const int Invocations = 4;
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("TELEMETRY_EXTENSION_FLUSH_STRATEGY", strategy), ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "1"));
        for (var number = 0; number < Invocations; number++)
            await lambda.InvokeAsync("""{"sleepMs":400}""", new InvokeOptions { WhileRunning = _ => Task.Run(static () => Burn(TimeSpan.FromMilliseconds(200))) });
        var outcome = await lambda.EndAsync();

        // This is the CPU time of the whole machine: at least that of the busy function, and at most that of all CPUs.
        var cpu = outcome.Distribution("faas.cpu_usage");
        Assert.Equal(Invocations, cpu.Count);
        Assert.Empty(outcome.Said);
        Assert.InRange(cpu.Sum, 0.6, 60d * Environment.ProcessorCount);
        Assert.Equal(2 * Invocations, outcome.Distribution("faas.net_io").Count);
        Assert.All(outcome.Gauge("telemetry_extension.tmp.used"), used => Assert.InRange(used, 1, 1L << 50));
        Assert.All(outcome.Gauge("telemetry_extension.environment.file_descriptors"), open => Assert.InRange(open, 3, 10_000_000));
        Assert.All(outcome.Gauge("telemetry_extension.environment.threads"), threads => Assert.InRange(threads, 2, 10_000_000));
        Assert.NotEmpty(outcome.Gauge("telemetry_extension.tmp.used"));
        Assert.NotEmpty(outcome.Gauge("telemetry_extension.environment.file_descriptors"));
        Assert.NotEmpty(outcome.Gauge("telemetry_extension.environment.threads"));
    }

    [Fact]
    public async Task A_timeout_is_counted_as_one_and_the_cold_start_after_the_reset_as_another()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(1) }, ("TELEMETRY_EXTENSION_TELEMETRY_PORT", FreePort.Find()));
        await lambda.InvokeToErrorAsync("""{"timeout":true}""", "Sandbox.Timedout");
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2);

        Assert.Equal(
            (1, 0, 1, 2),
            (outcome.Total("faas.invocations"), outcome.Total("faas.errors"), outcome.Total("faas.timeouts"), outcome.Total("faas.coldstarts")));
        Assert.Equal(2, outcome.Distribution("faas.invoke_duration").Count);
        Assert.Equal(2, outcome.Distribution("faas.init_duration").Count);
    }

    [Theory]
    [InlineData(InitializationType.ProvisionedConcurrency, 0, 0, 0)]
    [InlineData(InitializationType.SnapStart, 1, 0, 1)]
    public async Task An_early_init_delays_no_invocation(InitializationType type, int coldStarts, int inits, int restores)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { InitializationType = type });
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        Assert.Equal((1, coldStarts), (outcome.Total("faas.invocations"), outcome.Total("faas.coldstarts")));
        Assert.Equal(
            (inits, restores), (outcome.Distribution("faas.init_duration").Count, outcome.Distribution("telemetry_extension.restore_duration").Count));
    }

    [Fact]
    public async Task Metrics_that_a_dead_backend_missed_arrive_when_it_is_back()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = Faults.First(3, Fault.Http(503));
        var results = await lambda.OrdersUntilArrivedAsync(await lambda.OrdersAsync(4));
        var outcome = await lambda.EndAsync();

        Assert.Equal((results.Count, 1), (outcome.Total("faas.invocations"), outcome.Total("faas.coldstarts")));
    }

    private static void Burn(TimeSpan cpu)
    {
        var thread = Stopwatch.StartNew();
        while (thread.Elapsed < cpu)
            Thread.SpinWait(1000);
    }

    /// <summary>Some times on the wire are rounded to milliseconds.</summary>
    private static void Check(Outcome outcome, string metric, long count, double sum)
    {
        var measured = outcome.Distribution(metric);
        Assert.Equal(count, measured.Count);
        Assert.InRange(measured.Sum, sum - 0.005, sum + 0.005);
    }
}
