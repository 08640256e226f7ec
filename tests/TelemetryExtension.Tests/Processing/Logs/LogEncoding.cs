using System.Text;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using TelemetryExtension.Buffering;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Tests.Otlp;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>Encodes records of a Telemetry API batch, and decodes the payloads with the official .proto files.</summary>
internal sealed class LogEncoding : IInvocationLookup
{
    public const long Envelope = 1_754_913_600_101_000_000; // 2025-08-11T12:00:00.101Z
    public const long Received = Envelope + 50_000_000;
    public const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    public const string OtherId = "9c7e1111-2222-4333-8444-555566667777";

    public static readonly InvocationContext First = Context(Id, "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8");
    public static readonly InvocationContext Second = Context(OtherId, "aaaaaaaabd862e3fe1be46a994272793", "bbbbbbbb42cd8ad8");

    private readonly List<OtlpPayload> _payloads = [];

    public InvocationContext? Open { get; set; }

    public List<InvocationContext> Known { get; } = [First, Second];

    public int MaxBytes { get; init; } = 1_000_000;

    /// <summary>The platform's time of every record.</summary>
    public long Time { get; init; } = Envelope;

    public TelemetryItemKind Kind { get; set; } = TelemetryItemKind.FunctionLog;

    public IReadOnlyList<OtlpPayload> Payloads => _payloads;

    public InvocationContext? OpenAt(long time) => Open;

    public InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8)
    {
        foreach (var known in Known)
            if (requestIdUtf8.SequenceEqual(known.RequestIdUtf8))
                return known;
        return null;
    }

    /// <summary>What records said about the failure of an invocation.</summary>
    public List<(string RequestId, string Message)> Failures { get; } = [];

    public List<string> Executions { get; } = [];

    public void OnDurableExecution(InvocationContext invocation, string arn) => Executions.Add(arn);

    public void OnFailure(InvocationContext invocation, ReadOnlySpan<byte> message) => Failures.Add((invocation.RequestId, Encoding.UTF8.GetString(message)));

    /// <summary>One text line as printed.</summary>
    public static LogRecord Text(string line, InvocationContext? open = null) => Single(Json(line), open);

    /// <summary>One record as the JSON of its record field.</summary>
    public static LogRecord Single(string json, InvocationContext? open = null) => Assert.Single(new LogEncoding { Open = open }.Encode(json));

    public List<LogRecord> Encode(params string[] records) => Encode(records.Select(Encoding.UTF8.GetBytes));

    public List<LogRecord> Encode(IEnumerable<byte[]> records, Action<bool>? answered = null)
    {
        using var encoder = NewEncoder();
        foreach (var record in records)
        {
            var answer = encoder.Append(Item(record, Kind, Time), this);
            answered?.Invoke(answer);
        }

        encoder.Flush();
        return Decoded();
    }

    public List<LogRecord> EncodePlatform(string envelope)
    {
        using var encoder = NewEncoder();
        Assert.True(encoder.AppendPlatform(Item(Encoding.UTF8.GetBytes(envelope), TelemetryItemKind.PlatformEvent), this));
        encoder.Flush();
        return Decoded();
    }

    public LogEncoder NewEncoder()
    {
        var encoder = new LogEncoder(_payloads.Add, new ManualTimeProvider(), MaxBytes);
        encoder.SetResource(LambdaResource.Encode([new("service.name", "demo")]));
        return encoder;
    }

    public List<LogRecord> Decoded() => [.. _payloads.SelectMany(payload => payload.LogRecords())];

    public static TelemetryItem Item(byte[] bytes, TelemetryItemKind kind = TelemetryItemKind.FunctionLog, long time = Envelope)
    {
        var body = PooledBody.Rent(bytes.Length);
        bytes.CopyTo(body.Span);
        return new(kind, Signal.Logs, body, 0, bytes.Length, time, Received);
    }

    public static string Json(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    public static Dictionary<string, AnyValue> Attributes(LogRecord record) => record.Attributes.ToDictionary(pair => pair.Key, pair => pair.Value);

    private static InvocationContext Context(string id, string trace, string span) =>
        new(id, System.Diagnostics.ActivityTraceId.CreateFromString(trace), System.Diagnostics.ActivitySpanId.CreateFromString(span), true);
}
