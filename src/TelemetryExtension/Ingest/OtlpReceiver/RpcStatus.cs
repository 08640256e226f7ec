using System.Buffers;
using System.Text.Json;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>The codes of google.rpc.Code in the receiver's answers.</summary>
internal enum RpcCode
{
    Ok = 0,
    InvalidArgument = 3,
    NotFound = 5,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
}

/// <summary>google.rpc.Status, the body of every OTLP failure (OTLP specification, "Failures").</summary>
internal static class RpcStatus
{
    private const string RetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";

    /// <param name="retryAfter">Adds a google.rpc.RetryInfo, in whole seconds.</param>
    public static byte[] Protobuf(RpcCode code, string message, TimeSpan? retryAfter = null)
    {
        using var writer = new OtlpWriter(256);
        writer.Varint(1, (ulong)code);
        writer.String(2, message);
        if (retryAfter is { } delay)
        {
            var any = writer.Open(3);
            writer.String(1, RetryInfoUrl);
            var retryInfo = writer.Open(2);
            var duration = writer.Open(1);
            writer.Varint(1, (ulong)delay.TotalSeconds);
            writer.Close(duration);
            writer.Close(retryInfo);
            writer.Close(any);
        }

        return writer.ToArray();
    }

    public static ReadOnlyMemory<byte> Json(RpcCode code, string message)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteNumber("code"u8, (int)code);
        writer.WriteString("message"u8, message);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
