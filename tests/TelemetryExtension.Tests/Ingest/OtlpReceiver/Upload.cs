using System.Buffers.Binary;
using System.Net;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

/// <summary>A gRPC frame that announces one length and sends another, of zeros that are never in memory at once.</summary>
internal sealed class Upload(uint announced, long sent) : HttpContent
{
    public Upload(int announced, int sent)
        : this((uint)announced, sent)
    {
    }

    /// <summary>Whether the server read all of it.</summary>
    public bool IsSent { get; private set; }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var header = new byte[5];
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(1), announced);
        await stream.WriteAsync(header);
        var zeros = new byte[64 * 1024];
        for (var left = sent; left > 0; left -= zeros.Length)
            await stream.WriteAsync(zeros.AsMemory(0, (int)Math.Min(left, zeros.Length)));
        IsSent = true;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
