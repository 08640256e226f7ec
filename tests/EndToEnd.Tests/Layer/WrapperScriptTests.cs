using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Layer;

public class WrapperScriptTests
{
    [Fact]
    public async Task Wrapper_UserNamesBackend_RuntimeSendsToLocalhostWithoutItsSecrets()
    {
        var runtime = await RuntimeEnvironmentAsync(new()
        {
            ["AWS_LAMBDA_FUNCTION_NAME"] = "orders",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://backend.example.com",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=secret",
            ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip",
            ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = "/opt/ca.pem",
        });

        Assert.Equal("http://localhost:4318", runtime["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("http/protobuf", runtime["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_HEADERS", runtime);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_COMPRESSION", runtime);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_CERTIFICATE", runtime);
        Assert.Equal("orders", runtime["OTEL_SERVICE_NAME"]);
        Assert.Equal("tracecontext,baggage,xray-lambda", runtime["OTEL_PROPAGATORS"]);
        Assert.Equal("always_on", runtime["OTEL_TRACES_SAMPLER"]);
        Assert.Equal("delta", runtime["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"]);
    }

    [Fact]
    public async Task Wrapper_UserChoseOtherwise_KeepsTheChoice()
    {
        var runtime = await RuntimeEnvironmentAsync(new()
        {
            ["AWS_LAMBDA_FUNCTION_NAME"] = "orders",
            ["OTEL_SERVICE_NAME"] = "shop",
            ["OTEL_PROPAGATORS"] = "b3",
            ["OTEL_TRACES_SAMPLER"] = "traceidratio",
            ["OTEL_TRACES_SAMPLER_ARG"] = "0.1",
            ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"] = "cumulative",
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "https://traces.example.com/v1/traces",
            ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "key=value",
            ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "5318",
        });

        Assert.Equal("http://localhost:5318", runtime["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("shop", runtime["OTEL_SERVICE_NAME"]);
        Assert.Equal("b3", runtime["OTEL_PROPAGATORS"]);
        Assert.Equal("traceidratio", runtime["OTEL_TRACES_SAMPLER"]);
        Assert.Equal("0.1", runtime["OTEL_TRACES_SAMPLER_ARG"]);
        Assert.Equal("cumulative", runtime["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"]);
        Assert.Equal("https://traces.example.com/v1/traces", runtime["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]);
        Assert.Equal("key=value", runtime["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]);
    }

    [Fact]
    public async Task Wrapper_SignalWithItsOwnEndpoint_KeepsWhatTheGeneralVariablesSaidForIt()
    {
        var runtime = await RuntimeEnvironmentAsync(new()
        {
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "https://b:4317",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "api-key=a b $HOME \"quoted\" `id`",
            ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip",
            ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"] = "none",
            ["OTEL_EXPORTER_OTLP_INSECURE"] = "",
        });

        Assert.Equal("https://b:4317", runtime["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]);
        Assert.Equal("grpc", runtime["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]);
        Assert.Equal("api-key=a b $HOME \"quoted\" `id`", runtime["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]);
        Assert.Equal("none", runtime["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"]);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_TRACES_INSECURE", runtime);
        Assert.Equal("http/protobuf", runtime["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_HEADERS", runtime);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_LOGS_HEADERS", runtime);
    }

    /// <summary>SDKs differ in their default protocol, so a signal with another destination must not get the wrapper's.</summary>
    [Theory]
    [InlineData("TRACES")]
    [InlineData("METRICS")]
    [InlineData("LOGS")]
    [InlineData("TRACES,LOGS")]
    [InlineData("TRACES,METRICS,LOGS")]
    public async Task Wrapper_SignalsThatGoElsewhere_KeepTheProtocolOfTheirSdk(string elsewhere)
    {
        var runtime = await RuntimeEnvironmentAsync(elsewhere.Split(',').ToDictionary(signal => $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", _ => "https://b:4317"));

        foreach (var signal in new[] { "TRACES", "METRICS", "LOGS" })
            Assert.Equal(elsewhere.Contains(signal, StringComparison.Ordinal) ? null : "http/protobuf", Protocol(runtime, signal));
        Assert.Equal(elsewhere.Contains("TRACES", StringComparison.Ordinal), !runtime.ContainsKey("OTEL_TRACES_SAMPLER"));
        Assert.Equal(elsewhere.Contains("TRACES", StringComparison.Ordinal), !runtime.ContainsKey("OTEL_PROPAGATORS"));
        Assert.Equal(elsewhere.Contains("METRICS", StringComparison.Ordinal), !runtime.ContainsKey("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL")]
    [InlineData("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL")]
    public async Task Wrapper_SignalThatGoesElsewhere_KeepsTheProtocolThatTheUserChose(string variable)
    {
        var runtime = await RuntimeEnvironmentAsync(new() { ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] = "https://b:4317", [variable] = "grpc" });

        Assert.Equal(("http/protobuf", "http/protobuf", "grpc"), (Protocol(runtime, "TRACES"), Protocol(runtime, "METRICS"), Protocol(runtime, "LOGS")));
    }

    [Fact]
    public async Task Wrapper_SignalWithoutEndpoint_SendsNothingOfTheBackendsToLocalhost()
    {
        var runtime = await RuntimeEnvironmentAsync(new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://backend.example.com",
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "",
            ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "grpc",
            ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "key=secret",
            ["OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY"] = "/key.pem",
            ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"] = "500",
        });

        Assert.Equal("http://localhost:4318", runtime["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", runtime);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_TRACES_HEADERS", runtime);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", runtime);
        Assert.Equal("500", runtime["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"]);
    }

    [Fact]
    public async Task Wrapper_ReceiverSwitchedOff_ChangesNothing()
    {
        var environment = new Dictionary<string, string>
        {
            ["AWS_LAMBDA_FUNCTION_NAME"] = "orders",
            ["TELEMETRY_EXTENSION_OTLP_RECEIVER"] = "False",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://backend.example.com",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "key=secret",
        };

        var runtime = await RuntimeEnvironmentAsync(environment);

        Assert.All(environment, pair => Assert.Equal(pair.Value, runtime[pair.Key]));
        Assert.DoesNotContain(runtime.Keys, name => name.StartsWith("OTEL_", StringComparison.Ordinal) && !environment.ContainsKey(name));
    }

    [Theory]
    [InlineData("service.name=shop", true)]
    [InlineData("team=a,service.name=shop", true)]
    [InlineData("a=b, service.name=shop", true)]
    [InlineData("a=b,\t service.name =shop,c=d", true)]
    [InlineData("x=service.name", false)]
    [InlineData("my.service.name=shop", false)]
    [InlineData("service.name", false)]
    [InlineData(" , ,", false)]
    [InlineData("", false)]
    public async Task Wrapper_ServiceNamedInResourceAttributes_DoesNotOverrideIt(string attributes, bool named)
    {
        var runtime = await RuntimeEnvironmentAsync(new()
        {
            ["AWS_LAMBDA_FUNCTION_NAME"] = "orders",
            ["OTEL_RESOURCE_ATTRIBUTES"] = attributes,
        });

        Assert.Equal(named ? null : "orders", runtime.GetValueOrDefault("OTEL_SERVICE_NAME"));
        Assert.DoesNotContain(runtime.Keys, name => name.StartsWith("_te", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrapper_RuntimeCommand_IsExecutedWithItsArgumentsAndExitCode()
    {
        var result = await Tool.RunAsync(
            "/bin/sh", [Repository.Path("layer", "telemetry-wrapper"), "/bin/sh", "-c", "printf '%s|' \"$@\"; exit 7", "sh", "a b", "*"], environment: []);

        Assert.Equal(7, result.ExitCode);
        Assert.Equal("a b|*|", result.Output);
    }

    /// <summary>Reads a variable like an SDK.</summary>
    private static string? Protocol(Dictionary<string, string> runtime, string signal) =>
        runtime.GetValueOrDefault($"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") ?? runtime.GetValueOrDefault("OTEL_EXPORTER_OTLP_PROTOCOL");

    private static async Task<Dictionary<string, string>> RuntimeEnvironmentAsync(Dictionary<string, string> environment)
    {
        var result = await Tool.RunAsync("/bin/sh", [Repository.Path("layer", "telemetry-wrapper"), "env"], environment: environment);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("", result.Errors);
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
    }
}
