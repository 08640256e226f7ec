using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Amazon.CloudWatchLogs;
using TelemetryExtension.Configuration;
using TelemetryExtension.DeadLetters;
using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.DeadLetters.Replay;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

/// <summary>Tests against moto, and reads the result with the aws command line where installed, as a check of our understanding of CloudWatch Logs.</summary>
public sealed class MotoTests(MotoServer moto) : IClassFixture<MotoServer>
{
    private readonly string _group = "/otel/" + Guid.NewGuid().ToString("N");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deliver_LogsAndMetrics_AreReadBack()
    {
        Assert.SkipWhen(moto.Missing is not null, moto.Missing ?? "");
        var options = CloudWatchOptions.From(new Env { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = _group, ["TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS"] = "7", ["TELEMETRY_EXTENSION_CLOUDWATCH_SPANS"] = "true" }.Read());
        var destination = new CloudWatchLogsDestination(options, Writer(options.Target!));
        var now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() * OtlpBuilder.Second;
        var logs = OtlpBuilder.Request(writer =>
        {
            OtlpBuilder.Log(writer, "grüße", now);
            OtlpBuilder.Log(writer, new string('x', 300_000), now - OtlpBuilder.Second);
        });
        var metrics = OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "faas.errors", "{error}", 5, data => OtlpBuilder.Number(data, 2, now)));

        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), await destination.DeliverAsync(OtlpBuilder.Payload(Signal.Logs, logs, 2), Cancelled));
        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), await destination.DeliverAsync(OtlpBuilder.Payload(Signal.Metrics, metrics), Cancelled));

        using var client = Client();
        var read = (await client.FilterLogEventsAsync(new() { LogGroupName = _group }, Cancelled)).Events!.Select(logEvent => logEvent.Message!).ToArray();
        Assert.Equal(3, read.Length);
        Assert.Contains(read, message => message.Contains("\"body\":\"grüße\"", StringComparison.Ordinal) && message.Contains("\"traceId\":\"5759e988", StringComparison.Ordinal));
        Assert.Contains(read, message => Encoding.UTF8.GetByteCount(message) is > 250_000 and <= 262_118 && message.Contains("truncatedFromBytes", StringComparison.Ordinal));
        Assert.Contains(read, message => message.StartsWith("{\"_aws\":", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DeadLetters_ThroughTheAwsCommandLine_AreReplayedByteByByte()
    {
        Assert.SkipWhen(moto.Missing is not null, moto.Missing ?? "");
        var payloads = Enumerable.Range(0, 7).Select(i => OtlpBuilder.Payload((Signal)(i % 3), RandomBytes(i, i * 40_000), i, "id" + i)).ToArray();
        var letters = new DeadLetterWriter([new CloudWatchSink(Writer(new(_group, "{function}")), TimeSpan.FromSeconds(30), TimeProvider.System)], int.MaxValue);
        Assert.All(await letters.WriteAsync([.. payloads.Select(static payload => new UndeliveredPayload(payload, DropReason.Shutdown))], Cancelled), Assert.True);
        var json = await AwsAsync("logs", "filter-log-events", "--log-group-name", _group, "--filter-pattern", "\"otlp-dead-letter/1\"");
        Assert.SkipWhen(json is null, "there is no aws command line");

        Assert.Equal(payloads.Select(payload => Convert.ToHexString(payload.Body.Span)).Order(), await ReplayAsync(json!, []));
        Assert.Equal(payloads.Select(payload => Convert.ToHexString(payload.Body.Span)).Order(), await ReplayAsync("", ["--log-group", _group]));
    }

    private LogStreamWriter Writer(LogTarget target) => new(new Lazy<AmazonCloudWatchLogsClient>(Client), target, () => new("orders", "1", "2026/01/01/[1]ab"), TimeProvider.System);

    private AmazonCloudWatchLogsClient Client() => CloudWatchLogsClientFactory.Create(moto.Aws);

    private async Task<IEnumerable<string>> ReplayAsync(string input, string[] arguments)
    {
        await using var backend = await OtlpEndpointForTests.StartAsync(Cancelled);
        var error = new StringWriter();
        var environment = new ReplayEnvironment(TextWriter.Null, error, false, () => new MemoryStream(Encoding.UTF8.GetBytes(input)), _ => backend, moto.Aws, TimeProvider.System);

        var exit = await ReplayCommand.RunAsync([.. arguments, "--endpoint", "http://backend"], environment, Cancelled);

        Assert.Equal((0, ""), (exit, error.ToString()));
        return backend.Received.Select(request => Convert.ToHexString(request.Body)).Order();
    }

    private async Task<string?> AwsAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("aws", ["--endpoint-url", moto.Url.ToString(), "--region", "eu-west-1", "--output", "json", .. arguments])
        {
            RedirectStandardOutput = true,
            Environment = { ["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE", ["AWS_SECRET_ACCESS_KEY"] = FakeCloudWatchLogs.Secret },
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = await process.StandardOutput.ReadToEndAsync(Cancelled);
            await process.WaitForExitAsync(Cancelled);
            Assert.Equal(0, process.ExitCode);
            JsonDocument.Parse(output).Dispose();
            return output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static byte[] RandomBytes(int seed, int size)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
