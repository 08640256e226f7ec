using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace TelemetryExtension.Ingest.Http;

/// <summary>What decides how a request of HTTP/1.1 or 1.0 goes on after its head. Method, path and other headers are not looked at.</summary>
/// <param name="ContentLength">0 without a body, or when it is chunked.</param>
/// <param name="KeepsAlive">The connection may carry another request: never with HTTP/1.0.</param>
/// <param name="AwaitsContinue">The client sends the body only when it is asked to, or after a while.</param>
internal readonly record struct RequestHead(long ContentLength, bool IsChunked, bool KeepsAlive, bool AwaitsContinue)
{
    private const int BadRequest = 400;
    private const int VersionNotSupported = 505;

    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);
    private static readonly SearchValues<byte> ForbiddenInValues = SearchValues.Create("\0\r\n"u8);

    /// <summary>Reads a head without the empty line at its end. 0, or the status that says what is wrong.</summary>
    public static int Read(ReadOnlySpan<byte> bytes, out RequestHead head)
    {
        head = default;
        var status = ReadRequestLine(CutLine(ref bytes), out var isOld);
        if (status != 0)
            return status;
        long? length = null;
        var (isChunked, keepsAlive, awaitsContinue) = (false, !isOld, false);
        while (!bytes.IsEmpty)
        {
            var line = CutLine(ref bytes);
            var colon = line.IndexOf((byte)':');
            if (colon <= 0 || line[..colon].ContainsAnyExcept(NameBytes))
                return BadRequest;
            var name = line[..colon];
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (value.ContainsAny(ForbiddenInValues))
                return BadRequest;
            if (Is(name, "content-length"u8))
            {
                // Two lengths are one too many: nobody knows where the next request begins.
                if (length is not null || !TryReadLength(value, out var read))
                    return BadRequest;
                length = read;
            }
            else if (Is(name, "transfer-encoding"u8))
            {
                if (isChunked || isOld || !Is(value, "chunked"u8))
                    return BadRequest;
                isChunked = true;
            }
            else if (Is(name, "expect"u8))
            {
                awaitsContinue = !isOld && Is(value, "100-continue"u8);
            }
            else if (Is(name, "connection"u8))
            {
                keepsAlive &= !Has(value, "close"u8);
            }
        }

        // With both, another reader on the way may have cut the request elsewhere.
        head = new(isChunked ? 0 : length ?? 0, isChunked, keepsAlive && !(isChunked && length is not null), awaitsContinue);
        return 0;
    }

    private static int ReadRequestLine(ReadOnlySpan<byte> line, out bool isOld)
    {
        isOld = false;
        var method = line.IndexOf((byte)' ');
        var target = line.LastIndexOf((byte)' ');
        if (method <= 0 || target <= method + 1 || line[..method].ContainsAnyExcept(NameBytes) || line[(method + 1)..target].Contains((byte)' '))
            return BadRequest;
        var version = line[(target + 1)..];
        isOld = version.SequenceEqual("HTTP/1.0"u8);
        return isOld || version.SequenceEqual("HTTP/1.1"u8) ? 0 : version.StartsWith("HTTP/"u8) ? VersionNotSupported : BadRequest;
    }

    private static ReadOnlySpan<byte> CutLine(ref ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n"u8);
        var line = end < 0 ? bytes : bytes[..end];
        bytes = end < 0 ? [] : bytes[(end + 2)..];
        return line;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> value, out long length) =>
        Utf8Parser.TryParse(value, out length, out var consumed) && consumed == value.Length && char.IsAsciiDigit((char)value[0]);

    private static bool Has(ReadOnlySpan<byte> list, ReadOnlySpan<byte> token)
    {
        foreach (var range in list.Split((byte)','))
            if (Is(list[range].Trim(" \t"u8), token))
                return true;
        return false;
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> expected) => Ascii.EqualsIgnoreCase(text, expected);
}
