using LambdaSandbox;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests;

/// <summary>The ways to initialise an environment (on demand: <see cref="NormalCycleTests"/>).</summary>
public sealed class InitializationTests
{
    private const string Order = """{"order":{"id":"1"}}""";

    [Theory]
    [InlineData(InitializationType.ProvisionedConcurrency, "provisioned-concurrency")]
    [InlineData(InitializationType.SnapStart, "snap-start")]
    public async Task An_init_ahead_of_time_has_a_trace_of_its_own_that_the_first_invocation_links_to(InitializationType type, string name)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { InitializationType = type });
        var first = await lambda.InvokeAsync(Order);
        var second = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        var init = outcome.Single("init");
        Assert.Empty(init.ParentSpanId);
        Assert.Equal((false, name), (init.Flag("faas.coldstart"), init.Text("telemetry_extension.initialization_type")));
        var invocation = outcome.Invocation(first);
        Assert.NotEqual(init.TraceId, invocation.TraceId);
        var link = Assert.Single(invocation.Links);
        Assert.Equal((init.TraceId, init.SpanId), (link.TraceId, link.SpanId));
        Assert.Empty(outcome.Invocation(second).Links);
        Assert.False(outcome.Invocation(second).Flag("faas.coldstart"));
        Assert.All(new[] { first, second }, result => Assert.Equal(3, outcome.LogsOf(result.RequestId).Count(log => log.SpanId == outcome.Invocation(result).SpanId)));
    }

    [Fact]
    public async Task Provisioned_concurrency_knows_no_cold_start()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { InitializationType = InitializationType.ProvisionedConcurrency });
        var first = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        Assert.False(outcome.Invocation(first).Flag("faas.coldstart"));
    }

    [Fact]
    public async Task A_SnapStart_restore_is_part_of_the_first_invocation_and_gives_the_copy_an_identity_of_its_own()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { InitializationType = InitializationType.SnapStart });
        var first = await lambda.InvokeAsync(Order);
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        var restore = outcome.Child(outcome.Invocation(first), "restore");
        Assert.True(restore.End() <= outcome.Invocation(first).Start() + TimeSpan.FromMilliseconds(2));
        Assert.True(outcome.Invocation(first).Flag("faas.coldstart"));
        var identities = outcome.Received.Where(received => received.Span.Kind == Span.Types.SpanKind.Server)
            .Select(received => received.Resource.Text("service.instance.id")).Distinct();
        Assert.Single(identities);
        Assert.Equal((2, 0, 0, 1), outcome.Counts);
        Assert.Equal(1, outcome.Distribution("telemetry_extension.restore_duration").Count);
    }

    [Fact]
    public async Task A_SnapStart_restore_that_the_function_fails_is_an_error_of_its_span_and_of_the_invocation_that_waited()
    {
        const string FailsOnce = "test -e \"$LAMBDA_TASK_ROOT/failed\" || { touch \"$LAMBDA_TASK_ROOT/failed\"; export DEMO_FAIL_RESTORE=1; }; exec \"$LAMBDA_TASK_ROOT/bootstrap\"";
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { InitializationType = InitializationType.SnapStart, Command = ["/bin/sh", "-c", FailsOnce] });
        var failed = await lambda.InvokeToErrorAsync(Order, "Runtime.AfterRestoreError");
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2);

        var restore = outcome.Single("restore");
        Assert.True(restore.IsError());
        Assert.Equal("Runtime.AfterRestoreError", restore.Text("error.type"));
        Assert.True(outcome.Invocation(failed).IsError());
    }

    [Fact]
    public async Task A_function_with_restore_handling_starts_again_after_a_crash()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { InitializationType = InitializationType.SnapStart });
        await lambda.InvokeAsync(Order);
        await lambda.InvokeToErrorAsync("""{"crash":true}""", "Runtime.ExitError");
        var last = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2);

        Assert.False(outcome.Invocation(last).IsError());
        Assert.Single(outcome.Spans, span => span.Name == "restore");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_suppressed_init_is_a_part_of_the_invocation_that_it_delayed(bool afterStart)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { SuppressInit = true, SuppressedInitAfterStart = afterStart });
        var first = await lambda.InvokeAsync(Order);
        var second = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(init: "suppressed");

        var init = outcome.Child(outcome.Invocation(first), "init");
        Assert.Equal(init, outcome.Single("init"));
        Assert.Equal("invoke", init.Text("telemetry_extension.init_phase"));
        Assert.True(outcome.Invocation(first).Flag("faas.coldstart"));
        Assert.False(outcome.Invocation(second).Flag("faas.coldstart"));
        foreach (var result in new[] { first, second })
        {
            Assert.Equal(3, outcome.LogsOf(result.RequestId).Count);
            Assert.All(outcome.LogsOf(result.RequestId), log => Assert.Equal(outcome.Invocation(result).SpanId, log.SpanId));
        }

        Assert.Equal((2, 0, 0, 1), outcome.Counts);
        var waited = outcome.Distribution("faas.init_duration");
        Assert.Equal(1, waited.Count);
        Assert.Equal(init.Duration().TotalSeconds, waited.Sum, 0.001);
    }

    [Fact]
    public async Task An_init_that_fails_is_an_error_and_is_repeated_inside_the_first_invocation()
    {
        const string FailsOnce = "test -e \"$LAMBDA_TASK_ROOT/failed\" && exec \"$LAMBDA_TASK_ROOT/bootstrap\"; touch \"$LAMBDA_TASK_ROOT/failed\"; exit 1";
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { Command = ["/bin/sh", "-c", FailsOnce] });
        var first = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2, init: "error");

        var inits = outcome.Spans.Where(span => span.Name == "init").ToLookup(span => span.Text("telemetry_extension.init_phase"));
        Assert.True(inits["init"].Count() == 1, $"{outcome}\n{string.Join('\n', outcome.Said)}\n{string.Join('\n', lambda.Sandbox.Events)}");
        var failed = inits["init"].Single();
        Assert.True(failed.IsError());
        Assert.Equal("Runtime.ExitError", failed.Text("error.type"));
        var repeated = Assert.Single(inits["invoke"]);
        Assert.False(repeated.IsError());
        Assert.Equal(outcome.Invocation(first).SpanId, repeated.ParentSpanId);
        // The failed init is not an error of an invocation.
        Assert.Equal((1, 0, 0), (outcome.Total("faas.invocations"), outcome.Total("faas.errors"), outcome.Total("faas.timeouts")));
    }

    [Fact]
    public async Task An_environment_that_is_never_invoked_still_tells_of_its_init()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        var outcome = await lambda.EndAsync();

        Assert.Empty(outcome.Single("init").ParentSpanId);
        Assert.DoesNotContain(outcome.Spans, span => span.Kind == Span.Types.SpanKind.Server);
    }
}
