using System.Globalization;
using EndToEnd.Tests.Network;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Aws;

/// <summary>X-Ray and CloudWatch by OTLP, under their own host names, which a proxy leads to the emulator.</summary>
public sealed class AwsEndpointTests
{
    [Theory]
    [InlineData("none", InitializationType.OnDemand)]
    [InlineData("gzip", InitializationType.SnapStart)]
    public async Task All_signals_are_signed_and_arrive(string compression, InitializationType type)
    {
        await using var run = await Run.StartAsync(
            options => options with { InitializationType = type }, default, ("OTEL_EXPORTER_OTLP_COMPRESSION", compression), ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x-aws-log-group=/otel/{function},x-aws-log-stream={instance}"));
        var results = await run.Lambda.OrdersUntilArrivedAsync(await run.Lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(3)));
        var outcome = await run.Lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
        // The stream is new, so it had to be created.
        Assert.All(run.Aws.Refusals, refusal => Assert.StartsWith("ResourceNotFoundException", refusal, StringComparison.Ordinal));
        Assert.Equal(["/otel/orders", $"/otel/orders {run.Lambda.Sandbox.LogStream}"], run.Aws.Existing.Keys.Order());
        await Botocore.CheckAsync(run.Aws.Taken, AwsEmulator.SecretKey);
    }

    [Fact]
    public async Task A_clock_that_is_wrong_costs_one_more_request()
    {
        await using var run = await Run.StartAsync(null, TimeSpan.FromMinutes(20));
        var results = await run.Lambda.OrdersUntilArrivedAsync(await run.Lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(3)));
        var outcome = await run.Lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Contains(run.Aws.Refusals, refusal => refusal.Contains("expired", StringComparison.Ordinal));
        Assert.InRange(run.Aws.Refusals.Count(refusal => refusal.Contains("expired", StringComparison.Ordinal)), 1, 6);
    }

    [Fact]
    public async Task A_role_without_permission_keeps_the_data_as_dead_letters_and_is_named()
    {
        await using var run = await Run.StartAsync(null, default, ("AWS_SECRET_ACCESS_KEY", Canary.New("aws", Home.None)));
        await run.Lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(3));
        var outcome = await run.Lambda.EndAsync();

        outcome.CheckNoneArrived(3);
        Assert.Contains(outcome.Said, line => line.Contains("signed for xray in eu-west-1 with the function's role", StringComparison.Ordinal));
    }

    private sealed record Run(LambdaUnderTest Lambda, AwsEmulator Aws, ForwardProxy Proxy) : IAsyncDisposable
    {
        public static async Task<Run> StartAsync(Func<SandboxOptions, SandboxOptions>? change, TimeSpan skew, params IReadOnlyList<(string Name, string? Value)> environment)
        {
            var ports = new OtlpBackendOptions { HttpPort = int.Parse(FreePort.Find(), CultureInfo.InvariantCulture) };
            var aws = await AwsEmulator.StartAsync($"http://127.0.0.1:{ports.HttpPort}", skew);
            var proxy = new ForwardProxy(aws.Url);
            var lambda = await LambdaUnderTest.StartAsync(ports, change,
            [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", null), ("HTTP_PROXY", $"http://127.0.0.1:{proxy.Port}"), ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", aws.Url),
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", $"http://xray.{AwsEmulator.Region}.amazonaws.com/v1/traces"),
                ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", $"http://monitoring.{AwsEmulator.Region}.amazonaws.com/v1/metrics"),
                ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", $"http://logs.{AwsEmulator.Region}.amazonaws.com/v1/logs"),
                (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"), .. environment,
            ]);
            return new(lambda, aws, proxy);
        }

        public async ValueTask DisposeAsync()
        {
            await Lambda.DisposeAsync();
            await Proxy.DisposeAsync();
            await Aws.DisposeAsync();
        }
    }
}
