using Google.Protobuf;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.View;

/// <summary>Builds one span of an environment's life.</summary>
internal sealed class LifeSpan
{
    public LifeSpan(string name, ByteString trace, ByteString id, ByteString parent, DateTimeOffset start, DateTimeOffset end) => Span = new Span
    {
        Name = name,
        TraceId = trace,
        SpanId = id,
        ParentSpanId = parent,
        Kind = Span.Types.SpanKind.Internal,
        StartTimeUnixNano = Nanoseconds(start),
        EndTimeUnixNano = Nanoseconds(end),
    };

    public Span Span { get; }

    public LifeSpan With(string name, string value) => With(name, new AnyValue { StringValue = value });

    public LifeSpan With(string name, bool value) => With(name, new AnyValue { BoolValue = value });

    public LifeSpan With(string name, long value) => With(name, new AnyValue { IntValue = value });

    public LifeSpan Failed(string? why)
    {
        if (why is not null)
            Span.Status = new Status { Code = Status.Types.StatusCode.Error, Message = why };
        return this;
    }

    /// <summary>Links to the parent span of the function's and the extension's own spans.</summary>
    public LifeSpan Linked(string? traceHeader)
    {
        var parts = (traceHeader ?? "").Split(';').Select(part => part.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        var root = parts.GetValueOrDefault("Root")?.Split('-');
        if (root is [_, var epoch, var rest] && epoch.Length + rest.Length == 32 && parts.GetValueOrDefault("Parent") is { Length: 16 } parent)
            Span.Links.Add(new Span.Types.Link
            {
                TraceId = ByteString.CopyFrom(Convert.FromHexString(epoch + rest)),
                SpanId = ByteString.CopyFrom(Convert.FromHexString(parent)),
            });
        return this;
    }

    /// <summary>Adds an event, unless it happened outside the span.</summary>
    public void At(DateTimeOffset? time, string name, params (string Name, string Value)[] attributes)
    {
        if (time is not { } moment || Nanoseconds(moment) < Span.StartTimeUnixNano)
            return;
        var item = new Span.Types.Event { Name = name, TimeUnixNano = Nanoseconds(moment) };
        foreach (var (key, value) in attributes)
            item.Attributes.Add(new KeyValue { Key = key, Value = new AnyValue { StringValue = value } });
        Span.Events.Add(item);
    }

    /// <summary>Adds the platform's events.</summary>
    public void Platform(IEnumerable<TelemetryEvent> events)
    {
        foreach (var item in events)
            At(item.Time, item.Type);
    }

    private static ulong Nanoseconds(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private LifeSpan With(string name, AnyValue value)
    {
        Span.Attributes.Add(new KeyValue { Key = name, Value = value });
        return this;
    }
}
