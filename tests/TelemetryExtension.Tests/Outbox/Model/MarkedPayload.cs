using System.Buffers.Text;
using System.Globalization;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox.Model;

/// <summary>Requests whose records can be told apart wherever they turn up: in merged requests, in halves, and in files.</summary>
internal static class MarkedPayload
{
    private const int Digits = 7;

    /// <param name="padding">Bytes of each record beside its number.</param>
    public static OtlpPayload Create(Signal signal, IEnumerable<int> numbers, int padding, DateTimeOffset created)
    {
        using var writer = new OtlpWriter(1024);
        var resource = writer.Open(1);
        var scope = writer.Open(2);
        var records = 0;
        foreach (var number in numbers)
        {
            Write(writer, signal, string.Create(CultureInfo.InvariantCulture, $"<#{number:D7}>") + new string('x', padding));
            records++;
        }

        writer.Close(scope);
        writer.Close(resource);
        return new(signal, writer.ToArray(), records, created);
    }

    /// <summary>The numbers of all records in it, in order.</summary>
    public static List<int> Read(ReadOnlySpan<byte> body)
    {
        var numbers = new List<int>();
        for (var at = body.IndexOf("<#"u8); at >= 0; at = body.IndexOf("<#"u8))
        {
            body = body[(at + 2)..];
            if (Utf8Parser.TryParse(body[..Digits], out int number, out _))
                numbers.Add(number);
        }

        return numbers;
    }

    /// <summary>What a spool file holds. Null when the next generation must not take it over.</summary>
    /// <returns>Also the destinations that have not got it.</returns>
    public static (Signal Signal, List<int> Numbers, IReadOnlyList<string> Pending)? ReadFile(string name, byte[] file) =>
        name.EndsWith(Spool.Complete, StringComparison.Ordinal) && SpoolFormat.TryReadHead(file, file.Length, out var head)
            ? (head.Payload.Signal, Read(file.AsSpan(head.BodyAt)), head.Pending)
            : null;

    private static void Write(OtlpWriter writer, Signal signal, string text)
    {
        var record = writer.Open(2);
        switch (signal)
        {
            case Signal.Traces:
                writer.String(5, text);
                break;
            case Signal.Metrics:
                writer.String(1, text);
                var gauge = writer.Open(5);
                var point = writer.Open(1);
                writer.Fixed64(3, 1);
                writer.Close(point);
                writer.Close(gauge);
                break;
            default:
                var body = writer.Open(5);
                writer.String(1, text);
                writer.Close(body);
                break;
        }

        writer.Close(record);
    }
}
