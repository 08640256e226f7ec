using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>One gRPC message with its frame: a compression flag, a length of four bytes, and the message.</summary>
internal sealed class GrpcContent : HttpContent
{
    public const int FrameBytes = 5;
    private static readonly MediaTypeHeaderValue Grpc = new("application/grpc");
    private readonly byte[] _frame = new byte[FrameBytes];
    private readonly ReadOnlyMemory<byte> _message;

    public GrpcContent(ReadOnlyMemory<byte> message, bool isCompressed)
    {
        _message = message;
        _frame[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(_frame.AsSpan(1), message.Length);
        Headers.ContentType = Grpc;
    }

    /// <summary>The first message of a response body. Empty when there is none, or when its compression is unknown.</summary>
    /// <param name="encoding">The value of grpc-encoding.</param>
    public static ReadOnlySpan<byte> MessageOf(ReadOnlySpan<byte> body, string? encoding)
    {
        if (body.Length < FrameBytes)
            return default;
        var length = BinaryPrimitives.ReadUInt32BigEndian(body[1..]);
        if (length > body.Length - FrameBytes)
            return default;
        var message = body.Slice(FrameBytes, (int)length);
        return body[0] == 0 ? message : AnswerBody.Decode(message.ToArray(), encoding ?? "unknown") ?? [];
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_frame, cancellationToken);
        await stream.WriteAsync(_message, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = FrameBytes + _message.Length;
        return true;
    }
}
