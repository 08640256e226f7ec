using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>An outbox with real destinations and a ledger, as in the extension, except that work on files is synchronous.</summary>
internal sealed class DeliveryTestBench : IDisposable
{
    public string SpoolDirectory { get; }

    public DeliveryTestBench(Env settings, OutboxOptions? outbox = null, RetrySchedule? schedule = null)
        : this(Destinations(settings), outbox, schedule, TimeProvider.System)
    {
    }

    /// <param name="files">Null uses a new directory.</param>
    /// <param name="inBackground">Runs work on files. Null runs it synchronously.</param>
    public DeliveryTestBench(
        IReadOnlyList<IDestination> destinations, OutboxOptions? outbox, RetrySchedule? schedule, TimeProvider time, ISpoolFiles? files = null,
        Action<Action>? inBackground = null, bool keepsSent = false)
    {
        var options = outbox ?? new();
        if (options.SpoolDirectory == new OutboxOptions().SpoolDirectory)
            options = options with { SpoolDirectory = Path.Combine(Path.GetTempPath(), "telemetry-extension-tests-" + Guid.NewGuid().ToString("N")) };
        SpoolDirectory = options.SpoolDirectory;
        if (options.MaxAge == default)
            options = options with { MaxAge = TimeSpan.FromHours(6) };
        Outbox = new(
            destinations, options, schedule ?? new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100)), Ledger, time,
            files ?? new DiskSpoolFiles(options.SpoolDirectory), inBackground ?? (static work => work()));
        Delivery = new(Outbox, time, static () => 0.5) { KeepsSent = keepsSent };
    }

    public Ledger Ledger { get; } = new();

    public PayloadOutbox Outbox { get; }

    public Deliverer Delivery { get; }

    public static List<IDestination> Destinations(Env settings, TimeProvider? time = null)
    {
        var problems = new SettingProblems();
        var options = DeliveryOptions.From(settings.Read(problems), 4318);
        Assert.Empty(problems.Messages);
        return OtlpDestinations.Create(options, time ?? TimeProvider.System);
    }

    /// <summary>A log request with one resource, one scope, and one record for each body.</summary>
    public static OtlpPayload LogPayload(params string[] bodies)
    {
        using var writer = new OtlpWriter();
        var resource = writer.Open(1);
        var scope = writer.Open(2);
        foreach (var body in bodies)
        {
            var record = writer.Open(2);
            writer.Fixed64(1, 1);
            var value = writer.Open(5);
            writer.String(1, body);
            writer.Close(value);
            writer.Close(record);
        }

        writer.Close(scope);
        writer.Close(resource);
        return new(Signal.Logs, writer.ToArray(), bodies.Length, DateTimeOffset.UtcNow);
    }

    public static OtlpPayload LogPayload(int records, int bytesEach) => LogPayload([.. Enumerable.Range(0, records).Select(i => new string((char)('a' + (i % 26)), bytesEach))]);

    public OtlpPayload Add(OtlpPayload payload)
    {
        Ledger.Received((LedgerAccount)payload.Signal, payload.Records);
        Outbox.Add(payload);
        return payload;
    }

    public Task<DeliverySummary> DeliverAsync(DeliveryMode mode = DeliveryMode.Once, int budgetMs = 5000) =>
        Delivery.DeliverAsync(mode, TimeSpan.FromMilliseconds(budgetMs), TestContext.Current.CancellationToken);

    /// <summary>A flush, and after it what the extension then sends in the background.</summary>
    public async Task<DeliverySummary> FlushAsync(int budgetMs = 5000)
    {
        var summary = await DeliverAsync(budgetMs: budgetMs);
        return Delivery.HasSilentWork ? await DeliverAsync(DeliveryMode.Silent) : summary;
    }

    public LedgerLine LogsLine() => Ledger[LedgerAccount.Logs];

    public void AssertLogs(long exported = 0, long rejected = 0, long refused = 0, long buffered = 0)
    {
        var line = LogsLine();
        Assert.Equal((exported, rejected, refused, buffered), (line.Exported, line.Rejected, line.Dropped[(int)DropReason.Refused], line.Buffered));
    }

    public void Dispose()
    {
        Delivery.Dispose();
        Outbox.Dispose();
        if (Directory.Exists(SpoolDirectory))
            Directory.Delete(SpoolDirectory, recursive: true);
    }
}
