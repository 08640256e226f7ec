using EndToEnd.Tests.Tools;
using EndToEnd.Tests.Trouble;
using Google.Protobuf;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Resource.V1;

namespace EndToEnd.Tests.CloudWatch;

/// <summary>
/// The backend is down for a whole generation. The same binary replays the dead letters once the backend is back: every record, compared with the data that
/// a second, working backend got in the same run.
/// </summary>
[Collection(CloudWatchCollection.Name)]
public sealed class ReplayTests(LocalCloudWatch cloudWatch)
{
    [Fact]
    public async Task Dead_letters_of_stdout_bring_back_every_record_once()
    {
        await using var life = await Life.RunAsync();
        var outcome = life.Outcome;
        Assert.NotEmpty(outcome.DeadLetters);
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));

        using var folder = new TemporaryFolder();
        var (file, state) = (folder.File("dead-letters.txt"), folder.File("state"));
        // The letters as in the log group: between other lines, the last one first.
        await File.WriteAllLinesAsync(
            file, outcome.DeadLetters.Reverse().SelectMany(line => new[] { "2026-01-31T12:00:00Z " + line, "another line" }), TestContext.Current.CancellationToken);

        var dry = await life.ReplayAsync([file, "--dry-run"]);
        Assert.True(dry.ExitCode == 0 && dry.Output.StartsWith("would send ", StringComparison.Ordinal), dry.All);
        Assert.Empty(life.Lambda.Backend.Requests);

        var unreachable = await life.ReplayAsync([file, "--endpoint", life.Lambda.Backend.HttpUrl, "--state", state], interruptAfter: TimeSpan.FromSeconds(1));
        Assert.Equal(130, unreachable.ExitCode);

        await life.Lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var first = await life.ReplayAsync([file, "--endpoint", life.Lambda.Backend.HttpUrl, "--state", state]);
        Assert.True(first.ExitCode == 0, first.All);
        life.CheckNothingIsMissing();

        var requests = life.Lambda.Backend.Requests.Count;
        var second = await life.ReplayAsync([file, "--endpoint", life.Lambda.Backend.HttpUrl, "--state", state]);
        Assert.True(second.ExitCode == 0 && second.Output.StartsWith("sent 0 payloads", StringComparison.Ordinal), second.All);
        Assert.Equal(requests, life.Lambda.Backend.Requests.Count);
    }

    [Fact]
    public async Task Dead_letters_of_CloudWatch_bring_back_every_record_over_grpc()
    {
        var group = $"/dead/{Guid.NewGuid():N}";
        await using var life = await Life.RunAsync(
            ("TELEMETRY_EXTENSION_DEAD_LETTERS", "cloudwatch"),
            ("TELEMETRY_EXTENSION_DEAD_LETTER_LOG_GROUP", group),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", cloudWatch.Url.ToString()));
        Assert.Empty(life.Outcome.DeadLetters);
        Assert.DoesNotContain(life.Outcome.Said, line => line.Contains("dead letters", StringComparison.Ordinal));
        Assert.Equal(0, life.Outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));

        await life.Lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var replay = await life.ReplayAsync(
            ["--log-group", group, "--log-stream-prefix", "orders/", "--since", "1h", "--endpoint", life.Lambda.Backend.GrpcUrl, "--protocol", "grpc"],
            Aws());
        Assert.True(replay.ExitCode == 0, replay.All);
        life.CheckNothingIsMissing();
    }

    [Fact]
    public async Task What_the_aws_command_prints_can_be_replayed()
    {
        var aws = Tool.Require("aws");
        var group = $"/dead/{Guid.NewGuid():N}";
        await using var life = await Life.RunAsync(
            ("TELEMETRY_EXTENSION_DEAD_LETTERS", "cloudwatch"),
            ("TELEMETRY_EXTENSION_DEAD_LETTER_LOG_GROUP", group),
            ("AWS_ENDPOINT_URL", cloudWatch.Url.ToString()));
        using var folder = new TemporaryFolder();
        var printed = await Tool.RunAsync(
            aws, ["logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", "\"otlp-dead-letter/1\"", "--output", "json"], folder.Path, Aws());
        Assert.True(printed.ExitCode == 0, printed.All);
        await File.WriteAllTextAsync(folder.File("events.json"), printed.Output, TestContext.Current.CancellationToken);

        await life.Lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var replay = await life.ReplayAsync([folder.File("events.json"), "--endpoint", life.Lambda.Backend.HttpUrl]);
        Assert.True(replay.ExitCode == 0, replay.All);
        life.CheckNothingIsMissing();
    }

    [Fact]
    public async Task A_dead_CloudWatch_too_leaves_everything_on_stdout_in_time()
    {
        await using var hanging = new HangingEndpoint();
        await using var life = await Life.RunAsync(
            ("TELEMETRY_EXTENSION_DEAD_LETTERS", "cloudwatch"), ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", hanging.Url));
        Assert.True(hanging.BytesReceived > 0, "there was no call to CloudWatch Logs");
        Assert.Contains("no answer in time", life.Outcome.Line("cannot write dead letters"), StringComparison.Ordinal);
        Assert.Equal(0, life.Outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));

        using var folder = new TemporaryFolder();
        await File.WriteAllLinesAsync(folder.File("stdout"), life.Outcome.DeadLetters, TestContext.Current.CancellationToken);
        await life.Lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var replay = await life.ReplayAsync([folder.File("stdout"), "--endpoint", life.Lambda.Backend.HttpUrl]);
        Assert.True(replay.ExitCode == 0, replay.All);
        life.CheckNothingIsMissing();
    }

    [Fact]
    public async Task Lines_that_are_damaged_or_missing_cost_only_their_payload_and_are_reported()
    {
        await using var life = await Life.RunAsync();
        var letters = life.Outcome.DeadLetters.ToList();
        Assert.True(letters.Count >= 3, $"only {letters.Count} dead letters");
        letters[0] = letters[0][..^40];
        using var folder = new TemporaryFolder();
        await File.WriteAllLinesAsync(folder.File("stdout"), letters, TestContext.Current.CancellationToken);

        await life.Lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var replay = await life.ReplayAsync([folder.File("stdout"), "--endpoint", life.Lambda.Backend.HttpUrl]);
        Assert.Equal(3, replay.ExitCode);
        Assert.Contains("damaged", replay.Errors, StringComparison.Ordinal);
        Assert.Equal(letters.Count - 1, life.Lambda.Backend.Requests.Count);
    }

    private Dictionary<string, string> Aws() => new()
    {
        ["AWS_REGION"] = "eu-west-1",
        ["AWS_DEFAULT_REGION"] = "eu-west-1",
        ["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE",
        ["AWS_SECRET_ACCESS_KEY"] = "example",
        ["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = cloudWatch.Url.ToString(),
        ["HOME"] = "/nonexistent",
    };

    /// <summary>A generation during which one backend was down and a second one worked.</summary>
    private sealed class Life(LambdaUnderTest lambda, OtlpBackend control) : IAsyncDisposable
    {
        public LambdaUnderTest Lambda => lambda;

        public Outcome Outcome { get; private set; } = null!;

        public static async Task<Life> RunAsync(params (string, string?)[] settings)
        {
            var control = await Watched.BackendAsync();
            var port = FreePort.Find();
            var lambda = await LambdaUnderTest.StartAsync(
                null,
                [
                    ("TELEMETRY_EXTENSION_OTLP_2_ENDPOINT", control.HttpUrl), ("DEMO_OTEL", "true"), ("AWS_LAMBDA_EXEC_WRAPPER", "/opt/telemetry-wrapper"),
                    ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port), .. settings,
                ]);
            var life = new Life(lambda, control);
            await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
            await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
            await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
            await lambda.InvokeAsync("""{"logLines":300,"logBytes":500}""");
            life.Outcome = await lambda.EndAsync();
            return life;
        }

        public async Task<ToolResult> ReplayAsync(string[] arguments, Dictionary<string, string>? environment = null, TimeSpan? interruptAfter = null)
        {
            var program = Path.Combine(lambda.Sandbox.Opt, "extensions", "telemetry-extension");
            return interruptAfter is { } after
                ? await Tool.RunAsync("timeout", ["--signal=INT", "--preserve-status", $"{after.TotalSeconds}", program, "replay", .. arguments])
                : await Tool.RunAsync(program, ["replay", .. arguments], environment: environment ?? []);
        }

        /// <summary>Both have the same spans, log records and metrics to the last byte, and as many as the ledger counted.</summary>
        public void CheckNothingIsMissing()
        {
            var (backend, ledger) = (lambda.Backend, Outcome.Ledger);
            Assert.Empty(Outcome.BrokenRules(backend));
            // A flush that was cut off sends its batch to the second backend again.
            var sent = control.Requests.Where(request => request.AcceptedItems > 0).DistinctBy(request => request.Headers[FaultRun.BatchId]).Select(request => request.Message).ToList();
            Assert.Equal(
                Bytes(sent.OfType<ExportTraceServiceRequest>().SelectMany(all => all.ResourceSpans).SelectMany(of => of.ScopeSpans.SelectMany(scope => scope.Spans).Select(span => (span, of.Resource)))),
                Bytes(backend.Spans.Select(span => (span.Span, span.Resource))));
            Assert.Equal(
                Bytes(sent.OfType<ExportLogsServiceRequest>().SelectMany(all => all.ResourceLogs).SelectMany(of => of.ScopeLogs.SelectMany(scope => scope.LogRecords).Select(log => (log, of.Resource)))),
                Bytes(backend.LogRecords.Select(log => (log.LogRecord, log.Resource))));
            Assert.Equal(
                Bytes(sent.OfType<ExportMetricsServiceRequest>().SelectMany(all => all.ResourceMetrics).SelectMany(of => of.ScopeMetrics.SelectMany(scope => scope.Metrics).Select(metric => (metric, of.Resource)))),
                Bytes(backend.Metrics.Select(metric => (metric.Metric, metric.Resource))));
            Assert.Equal(
                (ledger.Traces.DeadLettered, ledger.Logs.DeadLettered, ledger.Metrics.DeadLettered),
                (backend.Spans.Count, backend.LogRecords.Count, backend.Metrics.Sum(metric => Outcome.DataPoints(metric.Metric))));
            Assert.Equal(lambda.Sandbox.Events.Count(made => made.Type == "function"), backend.LogRecords.Count(log => log.Scope.Name != "DemoFunction"));
            Assert.Equal(3, backend.Spans.Count(span => span.Span.Kind == OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind.Server));
        }

        public async ValueTask DisposeAsync()
        {
            await lambda.DisposeAsync();
            await control.DisposeAsync();
        }

        private static List<string> Bytes<T>(IEnumerable<(T Record, Resource Resource)> records)
            where T : IMessage =>
            [.. records.Select(each => Convert.ToHexString(each.Record.ToByteArray()) + Convert.ToHexString(each.Resource.ToByteArray())).Order(StringComparer.Ordinal)];
    }
}
