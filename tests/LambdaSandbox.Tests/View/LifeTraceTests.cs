using LambdaSandbox.Backend;
using LambdaSandbox.Serving;
using LambdaSandbox.Tests.Testing;
using LambdaSandbox.View;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.Tests.View;

public sealed class LifeTraceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Life_EachPart_IsASpanOfOneTrace()
    {
        var spans = await SpansAsync(async (environment, life, pooled) =>
        {
            life.Invoked(pooled, await environment.InvokeAsync() with { ExtensionOverhead = TimeSpan.FromMilliseconds(5), Frozen = [new("function", 1, TimeSpan.FromSeconds(1))] });
            var end = await environment.Lambda.ShutdownAsync(cancellation: Cancellation);
            life.Ended(pooled, end with { Extensions = [new ProcessExit("ext", 137, true, TimeSpan.FromMilliseconds(10))] });
        });
        Assert.Equal(["init", "frozen", "invoke", "post-runtime", "shutdown", "killed", "environment of orders"], spans.Select(span => span.Name));
        Assert.Single(spans.Select(span => span.TraceId).Distinct());
        Assert.Equal((false, true, true), (Billed(spans, "frozen"), Billed(spans, "invoke"), Billed(spans, "post-runtime")));
        Assert.Single(spans.Single(span => span.Name == "invoke").Links);
        Assert.Equal(spans.Single(span => span.Name == "shutdown").SpanId, spans.Single(span => span.Name == "killed").ParentSpanId);
    }

    [Fact]
    public async Task Invocation_RuntimeExits_TheResetIsASpan()
    {
        var spans = await SpansAsync(async (environment, life, pooled) =>
        {
            var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
            await environment.RuntimeNext;
            environment.Lambda.EndPlayedRuntime(3);
            life.Invoked(pooled, await invoke);
        });
        var killed = spans.Single(span => span.Name == "killed");
        Assert.Equal("Runtime exited with error: exit status 3", killed.Attributes.Single(each => each.Key == "lambda.reason").Value.StringValue);
    }

    private static bool Billed(IEnumerable<Span> spans, string name) =>
        spans.Single(span => span.Name == name).Attributes.Single(each => each.Key == "lambda.billed").Value.BoolValue;

    private static async Task<IReadOnlyList<Span>> SpansAsync(Func<PlayedEnvironment, LifeTrace, PooledEnvironment, Task> live)
    {
        await using var backend = await OtlpBackend.StartAsync(cancellationToken: Cancellation);
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var pooled = new PooledEnvironment(1, environment.Lambda);
        await using (var sender = new LifeSender(backend.HttpUrl, new SandboxOptions()))
        {
            var life = new LifeTrace(sender, new SandboxOptions());
            life.Starting(pooled);
            life.Started(pooled);
            await live(environment, life, pooled);
        }

        return [.. backend.Spans.Select(received => received.Span)];
    }
}
