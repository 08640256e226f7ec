using LambdaSandbox;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests;

/// <summary>A function with its own OpenTelemetry SDK that sends to the extension.</summary>
public sealed class FunctionSdkTests
{
    [Theory]
    [InlineData(TracingMode.Active)]
    [InlineData(TracingMode.PassThrough)]
    public async Task The_functions_spans_are_below_the_invocations_in_one_trace(TracingMode mode)
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(options => Redirected(options, port) with { Tracing = mode });
        var first = await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var failing = await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
        var outcome = await lambda.EndAsync();

        foreach (var result in new[] { first, failing })
        {
            var own = outcome.Child(outcome.Invocation(result), "process order");
            Assert.Equal(Span.Types.SpanKind.Internal, own.Kind);
            Assert.Equal(result.RequestId, own.Text("faas.invocation_id"));
            Assert.Equal(result == failing, own.IsError());
            Assert.Equal(result == first ? ["validate", "charge", "store"] : ["validate", "charge"], outcome.Children(own).Select(span => span.Name));
        }

        var log = outcome.Log("order {OrderId} charged with {Amount}");
        Assert.Equal(outcome.Invocation(first).TraceId, log.TraceId);
        Assert.Contains(outcome.Metrics, metric => metric.Name == "demo.orders");
        Assert.True(outcome.Ledger.Metrics.Exported >= 4);
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
    }

    /// <summary>The function sends to the extension, and the extension to the backend.</summary>
    internal static SandboxOptions Redirected(SandboxOptions options, string port)
    {
        var variables = new Dictionary<string, string>(options.Environment) { ["DEMO_OTEL"] = "true" };
        variables["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = variables["OTEL_EXPORTER_OTLP_ENDPOINT"];
        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}";
        variables["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = port;
        return options with { Environment = variables };
    }
}
