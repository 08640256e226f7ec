using System.Buffers.Binary;

namespace LambdaSandbox.Backend;

/// <summary>The five bytes before a gRPC message: a compressed flag and the length, big-endian.</summary>
internal static class GrpcFrame
{
    public const int HeaderLength = 5;

    /// <returns>The error, or null.</returns>
    public static string? Read(ReadOnlyMemory<byte> body, out bool compressed, out ReadOnlyMemory<byte> message)
    {
        compressed = false;
        message = default;
        if (body.Length < HeaderLength)
            return $"a frame of {body.Length} bytes";
        if (body.Span[0] > 1)
            return $"compressed flag {body.Span[0]}";
        var length = BinaryPrimitives.ReadUInt32BigEndian(body.Span[1..]);
        if (length != body.Length - HeaderLength)
            return $"a frame that declares {length} bytes and has {body.Length - HeaderLength}";
        compressed = body.Span[0] == 1;
        message = body[HeaderLength..];
        return null;
    }

    public static byte[] Write(ReadOnlySpan<byte> message, bool compressed)
    {
        var frame = new byte[HeaderLength + message.Length];
        frame[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }
}
