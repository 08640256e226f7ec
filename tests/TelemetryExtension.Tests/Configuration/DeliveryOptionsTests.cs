using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Configuration;

public sealed class DeliveryOptionsTests
{
    private readonly SettingProblems _problems = new();

    [Fact]
    public void From_NothingSet_NoDestinationAndNoProblem()
    {
        Assert.Empty(Read(new()).Destinations);
        Assert.Empty(_problems.Messages);
    }

    [Theory]
    [InlineData("http://c:4318", "http://c:4318/v1/traces")]
    [InlineData("http://c:4318/", "http://c:4318/v1/traces")]
    [InlineData("http://c:4318/mycollector", "http://c:4318/mycollector/v1/traces")]
    [InlineData("http://c:4318/mycollector/", "http://c:4318/mycollector/v1/traces")]
    [InlineData("https://c", "https://c/v1/traces")]
    [InlineData("https://c/x?key=1", "https://c/x/v1/traces?key=1")]
    public void Endpoint_General_GetsTheSignalPath(string endpoint, string url) =>
        Assert.Equal(url, Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint })!.Url.AbsoluteUri);

    [Theory]
    [InlineData("http://c:4318", "http://c:4318/")]
    [InlineData("http://c:4318/my/path", "http://c:4318/my/path")]
    public void Endpoint_OfTheSignal_IsUsedAsIs(string endpoint, string url)
    {
        var options = Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://general", ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = endpoint });
        Assert.Equal(url, options.Destinations[0][Signal.Traces]!.Url.AbsoluteUri);
        Assert.Equal("http://general/v1/logs", options.Destinations[0][Signal.Logs]!.Url.AbsoluteUri);
    }

    [Fact]
    public void Endpoint_OnlyOneSignalSet_OthersHaveNone()
    {
        var destination = Assert.Single(Read(new() { ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] = "http://c/v1/logs" }).Destinations);
        Assert.Null(destination[Signal.Traces]);
        Assert.NotNull(destination[Signal.Logs]);
    }

    [Theory]
    [InlineData("c:4318")]
    [InlineData("not a url")]
    [InlineData("ftp://c")]
    [InlineData("/v1/traces")]
    [InlineData("http://")]
    public void Endpoint_Unusable_IsOneProblemAndUnset(string endpoint)
    {
        Assert.Empty(Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint }).Destinations);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:4318")]
    [InlineData("http://LOCALHOST:4318/")]
    [InlineData("http://127.0.0.1:4318")]
    [InlineData("http://127.8.9.1:4317")]
    [InlineData("http://[::1]:4318")]
    [InlineData("http://0.0.0.0:4318")]
    [InlineData("http://sandbox.localdomain:4318")]
    [InlineData("http://localhost.:4318")]
    [InlineData("http://ip6-localhost:4318")]
    [InlineData("http://otlp.localhost:4318")]
    [InlineData("http://[::ffff:127.0.0.1]:4318")]
    [InlineData("http://127.1:4318")]
    [InlineData("http://[::]:4318")]
    public void Endpoint_OurOwnReceiver_IsALoopAndUnset(string endpoint)
    {
        Assert.Empty(Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint }).Destinations);
        Assert.Contains("circles", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_OwnHostName_IsALoopAndUnset()
    {
        Assert.Empty(Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://{Environment.MachineName}:4318" }).Destinations);
        Assert.Contains("circles", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://c:4318/v1/traces", "http://c:4318/", "/v1/traces")]
    [InlineData("http://c:4318/v1/logs/", "http://c:4318/", "/v1/logs")]
    [InlineData("https://c/otlp/v1/metrics", "https://c/otlp/", "/v1/metrics")]
    [InlineData("https://c/V1/Traces?key=secret", "https://c/", "/v1/traces")]
    [InlineData("https://user:secret@c/v1/traces", "https://c/", "/v1/traces")]
    public void Endpoint_BaseWithThePathOfASignal_IsUsedWithoutItAndNamed(string endpoint, string used, string path)
    {
        var destination = Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint }).Destinations[0];
        Assert.Equal(used + "v1/traces", destination[Signal.Traces]!.Url.GetLeftPart(UriPartial.Path));
        Assert.Equal(used + "v1/logs", destination[Signal.Logs]!.Url.GetLeftPart(UriPartial.Path));
        Assert.Equal($"OTEL_EXPORTER_OTLP_ENDPOINT ends in {path}, but the extension appends the path of each signal to it; using {used}", Assert.Single(_problems.Messages));
    }

    [Theory]
    [InlineData("http://c/v1/traces/v2")]
    [InlineData("http://c/myv1/traces")]
    [InlineData("http://c/v1")]
    [InlineData("http://c/api/default/")]
    public void Endpoint_BaseWithAnotherPath_IsFine(string endpoint)
    {
        Assert.Equal(endpoint.TrimEnd('/') + "/v1/traces", Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint })!.Url.AbsoluteUri);
        Assert.Empty(_problems.Messages);
    }

    [Theory]
    [InlineData("http://c:4318", "http://c:4318/")]
    [InlineData("http://c:4318/v1/logs", "http://c:4318/v1/logs")]
    [InlineData("http://c:4318/otlp/v1/metrics/?key=secret", "http://c:4318/otlp/v1/metrics/")]
    public void Endpoint_OfOneSignalThatIsProbablyWrong_IsUsedAsItIsAndNamed(string endpoint, string shown)
    {
        Assert.Equal(new Uri(endpoint), Traces(new() { ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = endpoint })!.Url);
        Assert.Equal(
            $"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is the whole URL of one signal and should probably end in /v1/traces; using {shown}", Assert.Single(_problems.Messages));
    }

    [Theory]
    [InlineData("http://c:4318/v1/traces")]
    [InlineData("http://c:4318/v1/traces/")]
    [InlineData("http://c:4318/insert/opentelemetry")]
    public void Endpoint_OfOneSignalWithAPath_IsFine(string endpoint)
    {
        Assert.Equal(new Uri(endpoint), Traces(new() { ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = endpoint })!.Url);
        Assert.Empty(_problems.Messages);
    }

    [Fact]
    public void Endpoint_GrpcWithASignalPath_IsFineBecauseThePathIsNotUsed()
    {
        Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c:4317/v1/traces", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc" });
        Assert.Empty(_problems.Messages);
    }

    [Fact]
    public void Headers_SomeCannotBeSent_AreNamedOnceAndTheOthersStay()
    {
        var traces = Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-ok=1,Content-Type=secret,x-place=Z%C3%BCrich,novalue" })!;
        Assert.Equal([new("x-ok", "1")], traces.Headers);
        var message = Assert.Single(_problems.Messages);
        Assert.StartsWith("OTEL_EXPORTER_OTLP_HEADERS has headers that cannot be sent: 'content-type' is set by the extension itself; 'x-place' has", message, StringComparison.Ordinal);
        Assert.EndsWith("; entry 4 of 4 is not key=value; using the others", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tls_KeyWithoutACertificate_IsNamed()
    {
        Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://c", ["OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY"] = "/key.pem" });
        Assert.Equal("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY is set without a client certificate; using no client certificate", Assert.Single(_problems.Messages));
    }

    [Fact]
    public void Endpoint_LoopbackOnAnotherPort_IsFine()
    {
        Assert.Equal("http://localhost:9999/v1/traces", Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:9999" })!.Url.AbsoluteUri);
        Assert.Empty(_problems.Messages);
    }

    [Fact]
    public void Endpoint_OwnName_WinsOverALoopInTheStandardOne()
    {
        var traces = Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:4318", ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://localhost:4318/v1/traces", ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = "https://backend" });
        Assert.Equal("https://backend/v1/traces", traces!.Url.AbsoluteUri);
        Assert.Empty(_problems.Messages);
    }

    [Fact]
    public void Endpoint_WithUserInfo_BecomesAHeaderAndIsNeverPrinted()
    {
        var traces = Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://user:p%40ss@backend" })!;
        Assert.Equal("https://backend/v1/traces", traces.Url.AbsoluteUri);
        Assert.Equal(new("authorization", "Basic " + Convert.ToBase64String("user:p@ss"u8)), Assert.Single(traces.Headers));
        Assert.DoesNotContain("ss", traces.ToString().Replace("traces", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_UnusableWithUserInfo_IsNotPrinted()
    {
        Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "ftp://user:secret@backend" });
        Assert.DoesNotContain("secret", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("c:4317", null, "https://c:4317/")]
    [InlineData("c:4317", "true", "http://c:4317/")]
    [InlineData("c:4317", "TRUE", "http://c:4317/")]
    [InlineData("c:4317", "yes", "https://c:4317/")]
    [InlineData("http://c:4317", "false", "http://c:4317/")]
    [InlineData("https://c:4317/ignored", "true", "https://c:4317/ignored")]
    public void Endpoint_Grpc_SchemeBeatsInsecure(string endpoint, string? insecure, string url)
    {
        var traces = Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc", ["OTEL_EXPORTER_OTLP_INSECURE"] = insecure })!;
        Assert.Equal(OtlpProtocol.Grpc, traces.Protocol);
        Assert.Equal(url, traces.Url.AbsoluteUri);
    }

    [Theory]
    [InlineData("HTTP/Protobuf", OtlpProtocol.HttpProtobuf, 0)]
    [InlineData("gRPC", OtlpProtocol.Grpc, 0)]
    [InlineData("", OtlpProtocol.HttpProtobuf, 0)]
    [InlineData("http/json", OtlpProtocol.HttpProtobuf, 1)]
    [InlineData("zipkin", OtlpProtocol.HttpProtobuf, 1)]
    public void Protocol_UnknownOrJson_IsAProblemAndProtobuf(string protocol, object expected, int problems)
    {
        Assert.Equal((OtlpProtocol)expected, Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol })!.Protocol);
        Assert.Equal(problems, _problems.Messages.Count);
    }

    [Theory]
    [InlineData(null, 10_000, 0)]
    [InlineData("2500", 2_500, 0)]
    [InlineData("0", -1, 0)]
    [InlineData("-5", 10_000, 1)]
    [InlineData("10s", 10_000, 0)]
    public void Timeout_IsMillisecondsAndZeroIsNoLimit(string? timeout, int expectedMs, int problems)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(expectedMs), Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", ["OTEL_EXPORTER_OTLP_TIMEOUT"] = timeout })!.Timeout);
        Assert.Equal(problems, _problems.Messages.Count);
    }

    [Theory]
    [InlineData("GZIP", true, 0)]
    [InlineData("none", false, 0)]
    [InlineData("zstd", false, 1)]
    public void Compression_OnlyGzipAndNone(string compression, bool gzip, int problems)
    {
        Assert.Equal(gzip, Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", ["OTEL_EXPORTER_OTLP_COMPRESSION"] = compression })!.Gzip);
        Assert.Equal(problems, _problems.Messages.Count);
    }

    [Fact]
    public void Precedence_HoldsForEachOptionApart()
    {
        var traces = Traces(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://general", ["OTEL_EXPORTER_OTLP_HEADERS"] = "a=1,b=2", ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "1", ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip", ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "c=3", ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"] = "2", ["TELEMETRY_EXTENSION_OTLP_TIMEOUT"] = "3" })!;
        Assert.Equal([new("c", "3")], traces.Headers);
        Assert.Equal(TimeSpan.FromMilliseconds(3), traces.Timeout);
        Assert.True(traces.Gzip);
    }

    [Fact]
    public void Endpoint_OwnName_TakesNothingThatIsMeantForTheFunctionsSdk()
    {
        var traces = Traces(new() { ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = "https://backend", ["TELEMETRY_EXTENSION_OTLP_TIMEOUT"] = "3", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:4317", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc", ["OTEL_EXPORTER_OTLP_HEADERS"] = "a=1", ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip", ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = "/ca.pem", ["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = "/key.pem", ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"] = "/client.pem", ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "grpc", ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "c=3" })!;
        Assert.Equal("https://backend/v1/traces", traces.Url.AbsoluteUri);
        Assert.Equal(OtlpProtocol.HttpProtobuf, traces.Protocol);
        Assert.Empty(traces.Headers);
        Assert.False(traces.Gzip);
        Assert.Equal(default, traces.Tls);
        Assert.Equal(TimeSpan.FromMilliseconds(3), traces.Timeout);
        Assert.Empty(_problems.Messages);
    }

    [Fact]
    public void Endpoint_OwnNameWithItsOwnOptions_GetsAllOfThem()
    {
        var traces = Traces(new() { ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = "backend:4317", ["TELEMETRY_EXTENSION_OTLP_PROTOCOL"] = "grpc", ["TELEMETRY_EXTENSION_OTLP_INSECURE"] = "true", ["TELEMETRY_EXTENSION_OTLP_HEADERS"] = "a=1", ["TELEMETRY_EXTENSION_OTLP_COMPRESSION"] = "gzip", ["TELEMETRY_EXTENSION_OTLP_CERTIFICATE"] = "/ca.pem", ["TELEMETRY_EXTENSION_OTLP_CLIENT_KEY"] = "/key.pem", ["TELEMETRY_EXTENSION_OTLP_CLIENT_CERTIFICATE"] = "/client.pem" })!;
        Assert.Equal("http://backend:4317/", traces.Url.AbsoluteUri);
        Assert.Equal(OtlpProtocol.Grpc, traces.Protocol);
        Assert.Equal([new("a", "1")], traces.Headers);
        Assert.True(traces.Gzip);
        Assert.Equal(new TlsFiles(new("/ca.pem", ""), new("/key.pem", ""), new("/client.pem", "")), traces.Tls);
    }

    [Fact]
    public void Endpoint_OwnNameUnusable_StandardOneIsUsedAndGetsNoneOfTheOwnKeys()
    {
        var traces = Traces(new() { ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = "not a url", ["TELEMETRY_EXTENSION_OTLP_HEADERS"] = "key=secret", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://standard", ["OTEL_EXPORTER_OTLP_HEADERS"] = "a=1" })!;
        Assert.Equal("http://standard/v1/traces", traces.Url.AbsoluteUri);
        Assert.Equal([new("a", "1")], traces.Headers);
        Assert.Single(_problems.Messages);
    }

    [Fact]
    public void Destinations_SecondAndThird_GetTheirSignals()
    {
        var options = Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://one", ["TELEMETRY_EXTENSION_OTLP_2_ENDPOINT"] = "http://two", ["TELEMETRY_EXTENSION_OTLP_2_SIGNALS"] = "traces, Logs", ["TELEMETRY_EXTENSION_OTLP_3_ENDPOINT"] = "http://three", ["TELEMETRY_EXTENSION_OTLP_3_HEADERS"] = "k=v" });
        Assert.Equal(["otlp", "otlp-2", "otlp-3"], options.Destinations.Select(destination => destination.Name));
        Assert.Null(options.Destinations[1][Signal.Metrics]);
        Assert.Equal("http://two/v1/logs", options.Destinations[1][Signal.Logs]!.Url.AbsoluteUri);
        Assert.Equal([new("k", "v")], options.Destinations[2][Signal.Metrics]!.Headers);
    }

    [Theory]
    [InlineData("traces", null, null, "traces")]
    [InlineData("Logs, metrics", null, null, "metrics,logs")]
    [InlineData(null, "none", null, "traces,metrics")]
    [InlineData(null, " NONE ", "none", "traces")]
    [InlineData(null, "otlp", "console", "traces,metrics,logs")]
    [InlineData(null, "", "none,otlp", "traces,metrics,logs")]
    [InlineData("traces,metrics,logs", "none", "none", "traces,metrics,logs")]
    public void Signals_OfTheFirstDestination_OwnChoiceIsStrongerThanTheExporterVariables(string? own, string? logs, string? metrics, string expected)
    {
        var options = Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://one", ["TELEMETRY_EXTENSION_OTLP_SIGNALS"] = own, ["OTEL_LOGS_EXPORTER"] = logs, ["OTEL_METRICS_EXPORTER"] = metrics });
        Assert.Equal(expected, Signals(options.Destinations.Single()));
    }

    /// <summary>The standard variables also belong to the function's SDK, so an endpoint of the extension's own settings ignores them.</summary>
    [Fact]
    public void Signals_OwnEndpoint_TheExporterVariablesAreTheFunctions()
    {
        var options = Read(new() { ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = "http://own", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:4318", ["OTEL_LOGS_EXPORTER"] = "none", ["OTEL_TRACES_EXPORTER"] = "none", ["OTEL_METRICS_EXPORTER"] = "none" });
        Assert.Equal("traces,metrics,logs", Signals(options.Destinations.Single()));
        Assert.Equal("traces", Signals(Read(new() { ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = "http://own", ["TELEMETRY_EXTENSION_OTLP_SIGNALS"] = "traces" }).Destinations.Single()));
    }

    [Fact]
    public void Signals_ExporterOfASignalWithAnEndpointOfItsOwn_IsHonouredToo()
    {
        var options = Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://one", ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] = "http://logs/v1/logs", ["OTEL_LOGS_EXPORTER"] = "none", ["TELEMETRY_EXTENSION_OTLP_2_ENDPOINT"] = "http://two" });
        Assert.Equal(["traces,metrics", "traces,metrics,logs"], options.Destinations.Select(Signals));
    }

    [Fact]
    public void Signals_AllExportersAreNone_ThereIsNoDestination() =>
        Assert.Empty(Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://one", ["OTEL_LOGS_EXPORTER"] = "none", ["OTEL_TRACES_EXPORTER"] = "none", ["OTEL_METRICS_EXPORTER"] = "none" }).Destinations);

    [Fact]
    public void Signals_Unreadable_IsAProblemAndAll()
    {
        var options = Read(new() { ["TELEMETRY_EXTENSION_OTLP_2_ENDPOINT"] = "http://two", ["TELEMETRY_EXTENSION_OTLP_2_SIGNALS"] = "traces,profiles" });
        Assert.NotNull(options.Destinations[0][Signal.Metrics]);
        Assert.Single(_problems.Messages);
    }

    /// <summary>A misspelt choice counts as none: what the exporter variables exclude stays excluded.</summary>
    [Fact]
    public void Signals_OfTheFirstDestinationUnreadable_TheExporterVariablesHold()
    {
        var options = Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://one", ["TELEMETRY_EXTENSION_OTLP_SIGNALS"] = "trace", ["OTEL_LOGS_EXPORTER"] = "none" });
        Assert.Equal("traces,metrics", Signals(options.Destinations.Single()));
        Assert.Equal("TELEMETRY_EXTENSION_OTLP_SIGNALS='trace' is not a list of traces, metrics, logs; using the default", Assert.Single(_problems.Messages));
    }

    private DeliveryOptions Read(Env environment) => DeliveryOptions.From(environment.Read(_problems), 4318, 4317);

    private static string Signals(OtlpDestinationOptions destination) =>
        string.Join(',', Enum.GetValues<Signal>().Where(signal => destination[signal] is not null)).ToLowerInvariant();

    private OtlpEndpoint? Traces(Env environment) => Read(environment).Destinations is [var first, ..] ? first[Signal.Traces] : null;
}
