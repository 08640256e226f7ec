using System.Text.Unicode;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using OpenTelemetry.Proto.Common.V1;

namespace LambdaSandbox.Backend;

/// <summary>
/// The rules of OTLP that a parser does not check, but for which some backends refuse the whole request: strings are UTF-8, attribute keys are not empty
/// and occur once in a list, ids have their length. Reads the bytes with the official descriptors.
/// </summary>
public static class OtlpRules
{
    private const int MaxMessages = 20;

    /// <summary>Returns every rule that the request breaks, with the path. At most 20.</summary>
    public static IReadOnlyList<string> Check(IMessage request, ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(request);
        var broken = new List<string>();
        Walk(request.Descriptor, bytes.ToArray(), "", broken);
        return broken;
    }

    private static void Walk(MessageDescriptor message, byte[] bytes, string path, List<string> broken)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var input = new CodedInputStream(bytes);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            var field = message.FindFieldByNumber(WireFormat.GetTagFieldNumber(tag));
            if (field?.FieldType is not (FieldType.Message or FieldType.String or FieldType.Bytes) || WireFormat.GetTagWireType(tag) != WireFormat.WireType.LengthDelimited)
            {
                input.SkipLastField();
                continue;
            }

            var value = input.ReadBytes().ToByteArray();
            var here = $"{path}.{field.Name}";
            if (field.FieldType == FieldType.String)
                Report(!Utf8.IsValid(value), here, "is not UTF-8", broken);
            else if (field.FieldType == FieldType.Bytes)
                Report(value.Length != 0 && LengthOf(field.Name) is { } length && value.Length != length, here, $"has {value.Length} bytes", broken);
            else
                Walk(field.MessageType, value, here, broken);
            if (field.IsRepeated && field.FieldType == FieldType.Message && field.MessageType == KeyValue.Descriptor)
            {
                var key = KeyValue.Parser.ParseFrom(value).Key;
                Report(key.Length == 0, here, "has an empty key", broken);
                Report(!keys.Add(key), here, $"has the key '{key}' twice", broken);
            }
        }
    }

    private static int? LengthOf(string field) => field switch { "trace_id" => 16, "span_id" or "parent_span_id" => 8, _ => null };

    private static void Report(bool isBroken, string path, string what, List<string> broken)
    {
        if (isBroken && broken.Count < MaxMessages)
            broken.Add($"{path.TrimStart('.')} {what}");
    }
}
