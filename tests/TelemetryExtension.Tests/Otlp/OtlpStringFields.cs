using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Otlp;

/// <summary>Every string field that the official descriptors reach from the three requests, each in a request with only that string.</summary>
internal static class OtlpStringFields
{
    public static IEnumerable<(Signal Signal, FieldDescriptor[] Path)> All() =>
        Paths(Signal.Traces, ExportTraceServiceRequest.Descriptor, []).Concat(Paths(Signal.Metrics, ExportMetricsServiceRequest.Descriptor, []))
            .Concat(Paths(Signal.Logs, ExportLogsServiceRequest.Descriptor, []));

    public static byte[] Protobuf(FieldDescriptor[] path, byte[] text) => path.Reverse().Aggregate(text, (inner, field) =>
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(field.FieldNumber, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(inner));
        }

        return stream.ToArray();
    });

    /// <param name="text">The inside of a JSON string.</param>
    public static byte[] Json(FieldDescriptor[] path, byte[] text) => path.Reverse().Aggregate((byte[])[(byte)'"', .. text, (byte)'"'], (inner, field) =>
    {
        var value = field.IsRepeated ? [(byte)'[', .. inner, (byte)']'] : inner;
        return [.. Encoding.UTF8.GetBytes($"{{\"{field.JsonName}\":"), .. value, (byte)'}'];
    });

    private static IEnumerable<(Signal Signal, FieldDescriptor[] Path)> Paths(Signal signal, MessageDescriptor message, FieldDescriptor[] path)
    {
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            FieldDescriptor[] here = [.. path, field];
            if (field.FieldType == FieldType.String)
                yield return (signal, here);
            // Values can nest without end. Two levels are enough.
            else if (field.FieldType == FieldType.Message && path.Count(step => step.MessageTypeIs(field.MessageType)) < 2)
                foreach (var deeper in Paths(signal, field.MessageType, here))
                    yield return deeper;
        }
    }

    public static bool MessageTypeIs(this FieldDescriptor field, MessageDescriptor message) => field.FieldType == FieldType.Message && field.MessageType == message;
}
