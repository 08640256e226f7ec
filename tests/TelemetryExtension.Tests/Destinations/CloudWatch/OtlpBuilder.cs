using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

/// <summary>Writes small OTLP requests field by field.</summary>
internal static class OtlpBuilder
{
    public const ulong Second = 1_000_000_000;
    public static readonly ulong Start = (ulong)new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds() * Second;

    /// <summary>One resource (service.name, faas.name), one scope, and the records that <paramref name="records"/> writes as fields 2.</summary>
    public static byte[] Request(Action<OtlpWriter> records)
    {
        using var writer = new OtlpWriter();
        var group = writer.Open(1);
        var resource = writer.Open(1);
        Attribute(writer, 1, "service.name", "shop");
        Attribute(writer, 1, "faas.name", "orders");
        writer.Close(resource);
        var scopeGroup = writer.Open(2);
        var scope = writer.Open(1);
        writer.String(1, "scope-a");
        writer.Close(scope);
        records(writer);
        writer.Close(scopeGroup);
        writer.Close(group);
        return writer.ToArray();
    }

    public static byte[] Logs(params string[] bodies) => Request(writer =>
    {
        for (var i = 0; i < bodies.Length; i++)
            Log(writer, bodies[i], Start + ((ulong)i * Second));
    });

    public static void Log(OtlpWriter writer, string body, ulong time, Action<OtlpWriter>? more = null)
    {
        var record = writer.Open(2);
        writer.Fixed64(1, time);
        writer.Varint(2, 17);
        writer.String(3, "ERROR");
        var value = writer.Open(5);
        writer.String(1, body);
        writer.Close(value);
        writer.Bytes(9, Convert.FromHexString("5759e988bd862e3fe1be46a994272793"));
        writer.Bytes(10, Convert.FromHexString("53995c3f42cd8ad8"));
        more?.Invoke(writer);
        writer.Close(record);
    }

    public static void Attribute(OtlpWriter writer, int field, string key, string value) =>
        Attribute(writer, field, key, any => any.String(1, value));

    public static void Attribute(OtlpWriter writer, int field, string key, Action<OtlpWriter> anyValue)
    {
        var keyValue = writer.Open(field);
        writer.String(1, key);
        var value = writer.Open(2);
        anyValue(writer);
        writer.Close(value);
        writer.Close(keyValue);
    }

    /// <summary>A metric with one data message; <paramref name="points"/> writes its fields.</summary>
    public static void Metric(OtlpWriter writer, string name, string unit, int kind, Action<OtlpWriter> points)
    {
        var metric = writer.Open(2);
        writer.String(1, name);
        writer.String(3, unit);
        var data = writer.Open(kind);
        points(writer);
        writer.Close(data);
        writer.Close(metric);
    }

    public static void Number(OtlpWriter writer, double value, ulong time = 0, ulong start = 0, string? attribute = null)
    {
        var point = writer.Open(1);
        writer.Fixed64(2, start);
        writer.Fixed64(3, time == 0 ? Start : time);
        writer.Double(4, value);
        if (attribute is not null)
            Attribute(writer, 7, "faas.trigger", attribute);
        writer.Close(point);
    }

    public static OtlpPayload Payload(Signal signal, byte[] body, int records = 1, string? id = null) =>
        new(signal, body, records, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)) { BatchId = id ?? Guid.NewGuid().ToString("N") };

    public static int Utf8(string text) => Encoding.UTF8.GetByteCount(text);
}
