using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>
/// Reads the lines of a file or of standard input that may contain dead letters, gzipped (like CloudWatch's exports to S3) or not. Memory is limited
/// for every input: other lines are skipped, and a line that is longer than the buffer comes in pieces that start at a part of a dead letter.
/// </summary>
internal static class LineSource
{
    /// <summary>In characters. A part of a dead letter needs a quarter of it.</summary>
    private const int BufferLength = 256 * 1024;

    /// <param name="progress">Gets the share of the stream that was read, from 0 to 1, when its length is known.</param>
    /// <exception cref="InvalidDataException">The gzip data is damaged or truncated.</exception>
    public static async IAsyncEnumerable<string> Lines(Stream stream, Action<double> progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var head = new byte[2];
        var read = await stream.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var whole = new Rejoined(head.AsMemory(0, read), stream);
        using var reader = new StreamReader(head is [0x1f, 0x8b] ? new GZipStream(whole, CompressionMode.Decompress) : whole);
        var buffer = new char[BufferLength];
        var length = 0;
        while ((read = await reader.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false)) > 0)
        {
            length += read;
            if (stream is { CanSeek: true, Length: > 0 })
                progress((double)stream.Position / stream.Length);
            var whatIsWhole = EndOfWhole(buffer.AsSpan(0, length), length == buffer.Length);
            for (var (start, next) = (0, 0); start < whatIsWhole; start = next)
            {
                next = NextLine(buffer.AsSpan(0, whatIsWhole), start);
                if (MayHoldPart(buffer.AsSpan(start..next)))
                    yield return new(buffer, start, next - start);
            }

            length -= whatIsWhole;
            buffer.AsSpan(whatIsWhole, length).CopyTo(buffer);
        }

        if (MayHoldPart(buffer.AsSpan(0, length)))
            yield return new(buffer, 0, length);
    }

    /// <summary>How much of the text can be passed on: up to the last line break or, in a full buffer without one, up to the last part.</summary>
    private static int EndOfWhole(ReadOnlySpan<char> text, bool isFull)
    {
        if (text.LastIndexOf('\n') is >= 0 and var line)
            return line + 1;
        if (!isFull)
            return 0;
        return text.LastIndexOf(DeadLetterPart.AnyVersion) switch
        {
            // A marker may begin at the very end.
            < 0 => text.Length - DeadLetterPart.AnyVersion.Length,
            // No part is this long.
            0 => text.Length,
            var part => part,
        };
    }

    private static int NextLine(ReadOnlySpan<char> text, int start) => text[start..].IndexOf('\n') is >= 0 and var length ? start + length + 1 : text.Length;

    private static bool MayHoldPart(ReadOnlySpan<char> line) => line.Contains(DeadLetterPart.AnyVersion, StringComparison.Ordinal);

    /// <summary>Rejoins the bytes that were read to detect gzip with the rest of the stream: standard input cannot be rewound.</summary>
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
