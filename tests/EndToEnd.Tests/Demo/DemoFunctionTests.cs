using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using EndToEnd.Tests.Otlp;
using EndToEnd.Tests.Tools;
using OpenTelemetry.Proto.Collector.Metrics.V1;

namespace EndToEnd.Tests.Demo;

/// <summary>Tests the published bootstrap from its zip against a stub of the Runtime API: its answers, and the telemetry of its SDK.</summary>
public sealed class DemoFunctionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Order_WellFormed_IsAnsweredAndLoggedAsTextAndJson()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("""{"order":{"id":"12","items":3}}""");
        using var function = Start(runtime);

        var answer = await runtime.AnswerAsync();

        Assert.Equal("/2018-06-01/runtime/invocation/request-1/response", answer.Path);
        Assert.Equal("invocation-1", answer.Headers["Lambda-Runtime-Invocation-Id"]);
        Assert.Equal("""{"orderId":"12","status":"stored","requestId":"request-1"}""", answer.Text);
        Assert.Equal("received order 12 with 3 items", await LineAsync(function));
        using var json = JsonDocument.Parse(await LineAsync(function));
        Assert.Equal("payment charged", json.RootElement.GetProperty("message").GetString());
        Assert.Equal("INFO", json.RootElement.GetProperty("level").GetString());
        Assert.Equal("stored order 12", await LineAsync(function));
        Assert.Empty(runtime.Otlp);
    }

    [Fact]
    public async Task Order_PaymentDeclined_IsReportedAsErrorAndTheNextOneWorks()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("""{"order":{"id":"13","fail":true}}""", "\"no order at all\"");
        using var function = Start(runtime);

        var error = await runtime.AnswerAsync();
        var next = await runtime.AnswerAsync();

        Assert.Equal("/2018-06-01/runtime/invocation/request-1/error", error.Path);
        Assert.Equal("Function.PaymentDeclined", error.Headers["Lambda-Runtime-Function-Error-Type"]);
        using var body = JsonDocument.Parse(error.Body);
        Assert.Equal("Function.PaymentDeclined", body.RootElement.GetProperty("errorType").GetString());
        Assert.Equal("the payment of order 13 was declined", body.RootElement.GetProperty("errorMessage").GetString());
        Assert.NotEqual(0, body.RootElement.GetProperty("stackTrace").GetArrayLength());
        Assert.Equal("/2018-06-01/runtime/invocation/request-2/response", next.Path);
    }

    [Fact]
    public async Task Telemetry_SwitchedOn_IsSentBeforeTheAnswerAsChildOfTheInvocation()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("""{"order":{"id":"12"}}""");
        using var function = Start(runtime, new() { ["DEMO_OTEL"] = "true", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://localhost:{Port(runtime)}" });

        await runtime.AnswerAsync();

        // Nothing may arrive after the answer, because the environment may be frozen then.
        var sent = runtime.Otlp.ToArray();
        Assert.Equal(4, sent.Count(request => request.Path == "/v1/traces"));
        Assert.Single(sent, request => request.Path == "/v1/logs");
        Assert.Single(sent, request => request.Path == "/v1/metrics");
        Assert.All(sent, request => Assert.Equal("application/x-protobuf", request.Headers["Content-Type"]));
        byte[] trace = Convert.FromHexString("5759e988bd862e3fe1be46a994272793");
        Assert.All(sent.Where(request => request.Path != "/v1/metrics"), request => Assert.True(request.Body.AsSpan().IndexOf(trace) >= 0, request.Path));
        var root = sent.Last(request => request.Path == "/v1/traces");
        Assert.Contains("process order", root.Text, StringComparison.Ordinal);
        Assert.True(root.Body.AsSpan().IndexOf(Convert.FromHexString("53995c3f42cd8ad8")) >= 0, "the root span's parent is not the invocation span");
    }

    [Fact]
    public async Task Telemetry_NobodyListens_IsSilent()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("{}", "{}");
        // Port 9 (discard) has no listener on loopback.
        using var function = Start(runtime, new() { ["DEMO_OTEL"] = "true", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:9" });

        Assert.EndsWith("/response", (await runtime.AnswerAsync()).Path, StringComparison.Ordinal);
        Assert.EndsWith("/response", (await runtime.AnswerAsync()).Path, StringComparison.Ordinal);
        function.Kill();
        Assert.Equal("", await function.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Init_ToldToFail_PostsInitErrorAndExits()
    {
        await using var runtime = await RuntimeApiStub.StartAsync();
        using var function = Start(runtime, new() { ["DEMO_FAIL_INIT"] = "1" });

        var error = await runtime.AnswerAsync();

        Assert.Equal("/2018-06-01/runtime/init/error", error.Path);
        Assert.Equal("Function.InitFailed", error.Headers["Lambda-Runtime-Function-Error-Type"]);
        Assert.Equal(1, await ExitCodeAsync(function));
    }

    [Fact]
    public async Task SnapStart_RestoreComesBeforeTheFirstInvocation()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("{}");
        using var function = Start(runtime, new() { ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start" });

        Assert.EndsWith("/request-1/response", (await runtime.AnswerAsync()).Path, StringComparison.Ordinal);
        Assert.Equal(["/2018-06-01/runtime/restore/next", "/2018-06-01/runtime/invocation/next"], runtime.Asked.Take(2));
        Assert.Single(runtime.Asked, path => path.EndsWith("/restore/next", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SnapStart_WindowOfTheFunctionsMetrics_StartsAtTheRestore()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("{}");
        runtime.RestoreAfter = TimeSpan.FromMilliseconds(300);
        using var function = Start(runtime, new()
        {
            ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start",
            ["DEMO_OTEL"] = "true",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://localhost:{Port(runtime)}",
        });

        await runtime.AnswerAsync();

        var points = runtime.Otlp.Where(request => request.Path == "/v1/metrics")
            .SelectMany(request => ExportMetricsServiceRequest.Parser.ParseFrom(request.Body).ResourceMetrics).SelectMany(resource => resource.ScopeMetrics)
            .SelectMany(scope => scope.Metrics).Where(metric => metric.Sum is not null).SelectMany(metric => metric.Sum.DataPoints).ToList();
        Assert.NotEmpty(points);
        Assert.All(points, point => Assert.InRange(point.StartTimeUnixNano, (ulong)runtime.RestoredAt.ToUnixTimeMilliseconds() * 1_000_000, ulong.MaxValue));
    }

    [Fact]
    public async Task SnapStart_RestoreFails_PostsRestoreErrorAndExits()
    {
        await using var runtime = await RuntimeApiStub.StartAsync();
        using var function = Start(runtime, new() { ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start", ["DEMO_FAIL_RESTORE"] = "1" });

        var error = await runtime.AnswerAsync();

        Assert.Equal("/2018-06-01/runtime/restore/error", error.Path);
        Assert.Equal("Runtime.AfterRestoreError", error.Headers["Lambda-Runtime-Function-Error-Type"]);
        Assert.Contains("DEMO_FAIL_RESTORE is set", error.Text, StringComparison.Ordinal);
        Assert.Equal(1, await ExitCodeAsync(function));
        Assert.Equal(["/2018-06-01/runtime/restore/next"], runtime.Asked);
    }

    [Fact]
    public async Task OnDemand_NobodyAsksForARestore()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("{}");
        using var function = Start(runtime, new() { ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand" });

        await runtime.AnswerAsync();

        Assert.DoesNotContain(runtime.Asked, path => path.Contains("restore", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Commands_LogsThenCrash_WriteLinesOfTheSizeAskedForAndExit()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("""{"logLines":2,"logBytes":40,"stderr":"oops","crash":true}""");
        using var function = Start(runtime);

        Assert.Equal(1, await ExitCodeAsync(function));
        Assert.Equal("load 0 ".PadRight(40, 'x'), await LineAsync(function));
        Assert.Equal("load 1 ".PadRight(40, 'x'), await LineAsync(function));
        Assert.Equal("oops\n", await function.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Commands_RandomLines_AreOfTheSizeAskedForAndHardToCompress()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("""{"logLines":1,"logBytes":4000,"randomLines":true,"crash":true}""");
        using var function = Start(runtime);

        Assert.Equal(1, await ExitCodeAsync(function));
        var line = await LineAsync(function);
        Assert.StartsWith("load 0 ", line, StringComparison.Ordinal);
        Assert.Equal(4000, line.Length);
        Assert.InRange(Payloads.Gzip(System.Text.Encoding.UTF8.GetBytes(line)).Length, 2900, 4100);
    }

    [Fact]
    public async Task Sigterm_WhileWaitingForTheNextEvent_ExitsWithZero()
    {
        await using var runtime = await RuntimeApiStub.StartAsync("{}");
        using var function = Start(runtime);
        await runtime.AnswerAsync();

        await Tool.RunAsync("/bin/sh", ["-c", $"kill -TERM {function.Id}"]);

        Assert.Equal(0, await ExitCodeAsync(function));
    }

    private Bootstrap Start(RuntimeApiStub runtime, Dictionary<string, string>? environment = null)
    {
        ZipFile.ExtractToDirectory(Repository.Zip("demo-function"), _folder.Path);
        var start = new ProcessStartInfo(_folder.File("bootstrap")) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = runtime.Address;
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        return new Bootstrap(start);
    }

    private static string Port(RuntimeApiStub runtime) => runtime.Address.Split(':')[1];

    private static async Task<string> LineAsync(Bootstrap function)
    {
        using var limit = Limit();
        return await function.StandardOutput.ReadLineAsync(limit.Token) ?? "(end of output)";
    }

    private static async Task<int> ExitCodeAsync(Bootstrap function)
    {
        using var limit = Limit();
        return await function.ExitCodeAsync(limit.Token);
    }

    private static CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        return limit;
    }

    /// <summary>The process, which is killed at the end of the test.</summary>
    private sealed class Bootstrap(ProcessStartInfo start) : IDisposable
    {
        private readonly Process _process = Process.Start(start)!;

        public int Id => _process.Id;

        public StreamReader StandardOutput => _process.StandardOutput;

        public StreamReader StandardError => _process.StandardError;

        public void Kill() => _process.Kill();

        public async Task<int> ExitCodeAsync(CancellationToken cancellationToken)
        {
            await _process.WaitForExitAsync(cancellationToken);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }
    }
}
