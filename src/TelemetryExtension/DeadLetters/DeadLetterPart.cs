using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.DeadLetters;

/// <summary>
/// One log line of a dead letter: <c>otlp-dead-letter/1 id=… signal=logs records=12 created=… size=… sum=… part=1/3 check=… data=… reason=…</c>. The data is a
/// slice of the gzipped OTLP request in base64url, which has no character that JSON or a shell would change. <c>sum</c> covers the whole request,
/// <c>check</c> the line. The marker may stand anywhere in a line, so a timestamp or JSON around it does no harm.
/// <c>reason</c> is for people, and stands behind the data because older programs ignore what follows the data.
/// </summary>
/// <param name="Size">Bytes of the request before compression.</param>
/// <param name="Sum">First 16 bytes of its SHA-256, in hex.</param>
/// <param name="Number">Starts at 1.</param>
internal sealed record DeadLetterPart(string Id, Signal Signal, int Records, long CreatedUnixMs, int Size, string Sum, int Number, int Count, string Data)
{
    /// <summary>Also the filter pattern for log events.</summary>
    public const string Marker = "otlp-dead-letter/1";

    public const string AnyVersion = "otlp-dead-letter/";

    private static readonly SearchValues<char> ValueCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./");

    /// <summary>Why it is a dead letter. Null in parts that were read, because a replay does not need it.</summary>
    public string? Reason { get; init; }

    public override string ToString() => $"{Head} check={Check} data={Data}{(Reason is null ? "" : " reason=")}{Reason}";

    private string Head => string.Create(CultureInfo.InvariantCulture,
        $"{Marker} id={Id} signal={Signal.ToString().ToLowerInvariant()} records={Records} created={CreatedUnixMs} size={Size} sum={Sum} part={Number}/{Count}");

    private string Check => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Head + Data)).AsSpan(0, 4));

    /// <summary>
    /// Finds every part in a line: usually none or one, many when the line is a whole JSON document. A damaged part is null, with the problem.
    /// </summary>
    public static IEnumerable<(DeadLetterPart? Part, DeadLetterProblem Problem)> Find(string line)
    {
        for (var at = line.IndexOf(AnyVersion, StringComparison.Ordinal); at >= 0;)
        {
            var next = line.IndexOf(AnyVersion, at + 1, StringComparison.Ordinal);
            var text = next < 0 ? line[at..] : line[at..next];
            // A line that only mentions dead letters, such as one with a filter pattern, is not a part.
            if (text.Contains(" id=", StringComparison.Ordinal))
                yield return Parse(text);
            at = next;
        }
    }

    private static (DeadLetterPart? Part, DeadLetterProblem Problem) Parse(string text)
    {
        var id = Value(text, "id");
        if (!text.StartsWith(Marker + " ", StringComparison.Ordinal))
            return (null, new(id, "a part is written in a newer form than this program knows"));
        if (Read(text) is not { } read)
            return (null, new(id, "a part is cut off or not readable"));
        return text.StartsWith(read.ToString(), StringComparison.Ordinal)
            ? (read, default)
            : (null, new(id, $"part {read.Number} of {id} does not match its checksum"));
    }

    private static DeadLetterPart? Read(ReadOnlySpan<char> text)
    {
        var id = Value(text, "id");
        var part = Value(text, "part").Split('/');
        return id.Length is > 0 and <= 64 && !id.Contains('/', StringComparison.Ordinal)
            && Enum.TryParse<Signal>(Value(text, "signal"), ignoreCase: true, out var signal) && Enum.IsDefined(signal)
            && TryInt(Value(text, "records"), out var records)
            && long.TryParse(Value(text, "created"), NumberStyles.None, CultureInfo.InvariantCulture, out var created)
            && TryInt(Value(text, "size"), out var size)
            && part.Length == 2 && TryInt(part[0], out var number) && TryInt(part[1], out var count) && number >= 1 && number <= count
            ? new(id, signal, records, created, size, Value(text, "sum"), number, count, Value(text, "data"))
            : null;
    }

    private static bool TryInt(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>From <c>name=</c> to the next character that no value contains.</summary>
    private static string Value(ReadOnlySpan<char> text, string name)
    {
        var start = text.IndexOf($" {name}=", StringComparison.Ordinal);
        if (start < 0)
            return "";
        var value = text[(start + name.Length + 2)..];
        var end = value.IndexOfAnyExcept(ValueCharacters);
        return (end < 0 ? value : value[..end]).ToString();
    }
}

/// <param name="Id">The payload's id, as far as it is readable.</param>
internal readonly record struct DeadLetterProblem(string Id, string Text);
