using System.Text.Json;
using LambdaSandbox.Backend;
using TelemetryExtension.Preflight;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;

namespace TelemetryExtension.Tests.Preflight;

public sealed class CheckCommandTests : DeliveryToBackend
{
    [Fact]
    public async Task Run_GoodSettings_SaysWhatCountsAndWhereItIsFrom()
    {
        var (exit, output) = await RunAsync([], new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://otlp.example.com",
            ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip",
            ["TELEMETRY_EXTENSION_FLUSH_INTERVAL"] = "90",
        });

        Assert.Equal(0, exit);
        Assert.StartsWith("No problems.", output, StringComparison.Ordinal);
        Assert.Contains("otlp  traces: https://otlp.example.com/v1/traces, http/protobuf, gzip, timeout 10s", output, StringComparison.Ordinal);
        Assert.Matches(@"TELEMETRY_EXTENSION_FLUSH_INTERVAL +90s\r?\n", output);
        Assert.Matches(@"TELEMETRY_EXTENSION_FLUSH_STALENESS +1m  \(default\)", output);
    }

    [Fact]
    public async Task Run_BadSettings_NamesAllOfThemTogether()
    {
        var (exit, output) = await RunAsync([], new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "nonsense",
            ["TELEMETRY_EXTENSION_FLUSH_INTERVAL"] = "soon",
            ["TELEMETRY_EXTENSION_BUFFER_BYTES"] = "4 potatoes",
            ["TELEMETRY_EXTENSION_FLUSH_STRATGY"] = "end",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "team",
            ["AWS_USE_FIPS_ENDPOINT"] = "yes",
        });

        Assert.Equal(1, exit);
        Assert.StartsWith("6 problems:", output, StringComparison.Ordinal);
        Assert.Contains("OTEL_RESOURCE_ATTRIBUTES='team'", output, StringComparison.Ordinal);
        Assert.Contains("did you mean TELEMETRY_EXTENSION_FLUSH_STRATEGY?", output, StringComparison.Ordinal);
        Assert.Matches(@"TELEMETRY_EXTENSION_FLUSH_INTERVAL +20s  \(what is set has a problem\)", output);
        Assert.Contains("none: set OTEL_EXPORTER_OTLP_ENDPOINT", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task Run_Secrets_AreNotPrinted(string form)
    {
        const string Arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a";
        var (_, output) = await RunAsync(form == "json" ? ["--json"] : [], new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://user:s3cr3t@otlp.example.com/x?key=s3cr3t",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer%20s3cr3t,s3cr3t",
            ["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = "-----BEGIN PRIVATE KEY-----s3cr3t",
            ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"] = "/client.pem",
            ["TELEMETRY_EXTENSION_OTLP_2_ENDPOINT"] = "https://two.example.com",
            ["TELEMETRY_EXTENSION_OTLP_2_HEADERS"] = $"x=s3cr3t-${{{Arn}#t}}",
            ["TELEMETRY_EXTENSION_OTLP_3_ENDPOINT"] = "user:s3cr3t@three",
            ["AWS_REGION"] = "eu-west-1",
            ["AWS_ACCESS_KEY_ID"] = "AKID",
            ["AWS_SECRET_ACCESS_KEY"] = "s3cr3t",
            ["AWS_SESSION_TOKEN"] = "s3cr3t",
            ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "s3cr3t",
        });

        Assert.DoesNotContain("s3cr3t", output, StringComparison.Ordinal);
        Assert.Contains($"x=${{{Arn}#t}}", output, StringComparison.Ordinal);
        Assert.Contains("authorization=***", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Json_IsForPrograms()
    {
        var (exit, output) = await RunAsync(["--json", "--connect"], new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Backend.HttpUrl, ["TELEMETRY_EXTENSION_METRICS"] = "perhaps" });
        var json = JsonDocument.Parse(output).RootElement;

        Assert.Equal((1, 1), (exit, json.GetProperty("exitCode").GetInt32()));
        Assert.Contains("TELEMETRY_EXTENSION_METRICS", Assert.Single(json.GetProperty("problems").EnumerateArray()).GetString(), StringComparison.Ordinal);
        Assert.Equal("problem", json.GetProperty("settings").EnumerateArray().Single(setting => setting.GetProperty("name").GetString() == "TELEMETRY_EXTENSION_METRICS").GetProperty("source").GetString());
        Assert.Equal(["dns", "tcp", "traces", "metrics", "logs"], json.GetProperty("connections")[0].GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("name").GetString()));
        Assert.True(json.GetProperty("connections")[0].GetProperty("works").GetBoolean());
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Run_Connect_SendsAnExportWithoutDataForEachSignal(string protocol)
    {
        var (exit, output) = await RunAsync(["--connect"], new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? Backend.GrpcUrl : Backend.HttpUrl, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol });

        Assert.True(exit == 0, output);
        Assert.Equal(3, Backend.Requests.Count);
        Assert.All(Backend.Requests, request => Assert.Equal(0, request.ItemCount));
    }

    [Fact]
    public async Task Run_BackendRefuses_SaysWhyAndWhatHelps()
    {
        Backend.Respond = request => request.Signal == OtlpSignal.Logs ? Fault.Http(404) : request.Signal == OtlpSignal.Traces ? Fault.Http(401, "who are you") : Fault.None;
        var (exit, output) = await RunAsync(["--connect"], new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Backend.HttpUrl });

        Assert.Equal(3, exit);
        Assert.Matches("traces +FAILED .*HTTP 401: who are you; check the key", output);
        Assert.Matches("metrics +ok", output);
        Assert.Matches("logs +FAILED .*HTTP 404.*leave logs out of TELEMETRY_EXTENSION_OTLP_SIGNALS", output);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "tcp +FAILED")]
    [InlineData("http://nobody.invalid", "dns +FAILED")]
    public async Task Run_NobodyThere_SaysAtWhichStep(string endpoint, string step)
    {
        var (exit, output) = await RunAsync(["--connect"], new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint });

        Assert.Equal(3, exit);
        Assert.Matches(step, output);
        Assert.DoesNotContain("traces  ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SecretCannotBeRead_SaysWhich()
    {
        var (exit, output) = await RunAsync(["--connect"], new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Backend.HttpUrl,
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "k=${arn:aws:ssm:eu-west-1:123456789012:parameter/k}",
            ["AWS_ENDPOINT_URL_SSM"] = "http://127.0.0.1:1",
            ["AWS_ACCESS_KEY_ID"] = "AKID",
            ["AWS_SECRET_ACCESS_KEY"] = "x",
        });

        Assert.Equal(3, exit);
        Assert.Matches("secrets +FAILED", output);
        Assert.Empty(Backend.Requests);
    }

    [Theory]
    [InlineData("--help", 0, "Usage:")]
    [InlineData("--conect", 2, "there is no option --conect")]
    public async Task Run_Arguments_AreCheckedOrExplained(string argument, int expected, string said)
    {
        var (exit, output) = await RunAsync([argument], []);

        Assert.Equal(expected, exit);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Output)> RunAsync(string[] arguments, Env variables)
    {
        using var output = new StringWriter();
        var environment = new CheckEnvironment(variables.GetValueOrDefault, variables.Keys, output, output, []);
        var exit = await CheckCommand.RunAsync(arguments, environment, TimeProvider.System, TestContext.Current.CancellationToken);
        return (exit, output.ToString());
    }
}
