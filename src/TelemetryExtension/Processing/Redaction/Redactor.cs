using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Redaction;

/// <summary>Replaces secrets in texts. One caller at a time.</summary>
internal sealed class Redactor
{
    private readonly ISecretDetector[] _detectors;
    private readonly NameList _keys;
    private readonly (int Start, int End)[] _next;

    public Redactor(RedactionOptions options)
    {
        _keys = options.Keys;
        _detectors = [.. Detectors(options)];
        _next = new (int, int)[_detectors.Length];
    }

    /// <summary>The text that replaces the whole value of an attribute.</summary>
    public static ReadOnlySpan<byte> OfKey => "[redacted:key]"u8;

    /// <summary>Whether the settings hide every value of this attribute.</summary>
    public bool Hides(ReadOnlySpan<byte> key) => !_keys.IsEmpty && _keys.Contains(key);

    /// <summary>Writes the text into a field, and replaces its secrets. Overlapping secrets count as one.</summary>
    /// <returns>The number of secrets replaced.</returns>
    public int Write(OtlpWriter writer, int field, ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < _detectors.Length; i++)
            _next[i] = Find(i, text, 0);
        if (First() < 0)
        {
            writer.Bytes(field, text);
            return 0;
        }

        var mark = writer.Open(field, text.Length);
        var (at, count) = (0, 0);
        for (; First() is >= 0 and var first; count++)
        {
            var (start, end) = _next[first];
            writer.Raw(text[at..start]);
            writer.Raw(_detectors[first].Replacement.Span);
            at = EndOfOverlap(end);
            for (var i = 0; i < _detectors.Length; i++)
                if (_next[i].Start < at)
                    _next[i] = Find(i, text, at);
        }

        writer.Raw(text[at..]);
        writer.Close(mark);
        return count;
    }

    /// <summary>Extends a replaced part by secrets that begin inside it and end behind it.</summary>
    private int EndOfOverlap(int end)
    {
        for (var i = 0; i < _next.Length; i++)
        {
            if (_next[i].Start >= end || _next[i].End <= end)
                continue;
            end = _next[i].End;
            i = -1;
        }

        return end;
    }

    private (int Start, int End) Find(int detector, ReadOnlySpan<byte> text, int from) =>
        _detectors[detector].TryFind(text, from, out var start, out var end) ? (start, end) : (int.MaxValue, int.MaxValue);

    /// <summary>The detector with the first secret, and of several at one place the longest. -1 when no secret is left.</summary>
    private int First()
    {
        var first = -1;
        for (var i = 0; i < _next.Length; i++)
        {
            if (_next[i].Start == int.MaxValue)
                continue;
            if (first < 0 || _next[i].Start < _next[first].Start || (_next[i].Start == _next[first].Start && _next[i].End > _next[first].End))
                first = i;
        }

        return first;
    }

    private static IEnumerable<ISecretDetector> Detectors(RedactionOptions options)
    {
        var kinds = options.Kinds;
        if (kinds.HasFlag(SecretKinds.Aws))
        {
            yield return new AwsAccessKeyId();
            yield return new NamedAwsSecret();
        }

        if (kinds.HasFlag(SecretKinds.Bearer))
            yield return new BearerToken();
        if (kinds.HasFlag(SecretKinds.Jwt))
            yield return new JsonWebToken();
        if (kinds.HasFlag(SecretKinds.PrivateKey))
            yield return new PrivateKey();
        if (kinds.HasFlag(SecretKinds.Card))
            yield return new CardNumber();
        if (kinds.HasFlag(SecretKinds.Email))
            yield return new MailAddress();
        var buffer = new TextBuffer();
        foreach (var pattern in options.Patterns)
            yield return new PatternDetector(pattern, buffer);
    }
}
