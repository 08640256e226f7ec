using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>Lines of a file or of standard input, gzipped (as CloudWatch's exports to S3 are) or not.</summary>
internal static class LineSource
{
    /// <param name="progress">Told how much of the stream has been read, from 0 to 1, when its length is known.</param>
    public static async IAsyncEnumerable<string> Lines(Stream stream, Action<double> progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var head = new byte[2];
        var read = await stream.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var whole = new Rejoined(head.AsMemory(0, read), stream);
        using var reader = new StreamReader(head is [0x1f, 0x8b] ? new GZipStream(whole, CompressionMode.Decompress) : whole);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (stream is { CanSeek: true, Length: > 0 })
                progress((double)stream.Position / stream.Length);
            yield return line;
        }
    }

    /// <summary>The bytes already taken for a look, and then the rest: standard input cannot be rewound.</summary>
    private sealed class Rejoined(ReadOnlyMemory<byte> head, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _head = head;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_head.IsEmpty)
                return rest.Read(buffer);
            var count = Math.Min(_head.Length, buffer.Length);
            _head.Span[..count].CopyTo(buffer);
            _head = _head[count..];
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _head.IsEmpty ? rest.ReadAsync(buffer, cancellationToken) : new(Read(buffer.Span));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                rest.Dispose();
            base.Dispose(disposing);
        }
    }
}
