using System.Buffers;

namespace TelemetryExtension.Processing.Redaction;

/// <summary>An e-mail address with a domain that has a dot.</summary>
internal sealed class MailAddress : ISecretDetector
{
    private const int LongestLocal = 64;

    private static readonly SearchValues<byte> Local = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+/=?^_`{|}~-"u8);
    private static readonly SearchValues<byte> Domain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"u8);

    public ReadOnlyMemory<byte> Replacement { get; } = "[redacted:email]"u8.ToArray();

    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        for (var at = from; text[at..].IndexOf((byte)'@') is >= 0 and var skip; at++)
        {
            at += skip;
            var local = text[Math.Max(from, at - LongestLocal)..at];
            start = at - local.Length + local.LastIndexOfAnyExcept(Local) + 1;
            var domain = text.Slice(at + 1, Letters.Run(text, at + 1, Domain)).TrimEnd(".-"u8);
            end = at + 1 + domain.Length;
            var dot = domain.LastIndexOf((byte)'.');
            if (start < at && dot > 0 && domain.Length - dot > 2 && !domain[(dot + 1)..].ContainsAnyInRange((byte)'0', (byte)'9'))
                return true;
        }

        start = end = 0;
        return false;
    }
}
