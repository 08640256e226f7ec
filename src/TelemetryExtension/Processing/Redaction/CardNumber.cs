namespace TelemetryExtension.Processing.Redaction;

/// <summary>
/// The number of a payment card: 13 to 19 digits, possibly in groups, with the first digits of a known network and a correct Luhn check digit. Most other
/// long numbers, such as times and ids, have other first digits. Of the rest, one in ten passes the Luhn check.
/// </summary>
internal sealed class CardNumber : ISecretDetector
{
    private const int Longest = 19;
    private const int Shortest = 13;

    /// <summary>Cards have groups of 3 to 6 digits. Longer groups are columns of other numbers, or the end of a UUID.</summary>
    private const int LongestGroup = 6;

    public ReadOnlyMemory<byte> Replacement { get; } = "[redacted:card]"u8.ToArray();

    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        for (start = from; text[start..].IndexOfAnyInRange((byte)'0', (byte)'9') is >= 0 and var skip; start = end)
        {
            start += skip;
            if (!ContinuesNumber(text, start) && TryRead(text, start, out end))
                return true;
            end = start + 1;
            while (end < text.Length && IsDigit(text[end]))
                end++;
        }

        start = end = 0;
        return false;
    }

    /// <summary>Reads digits with at most one kind of separator between groups. When a number may end at several places, the last valid one counts.</summary>
    private static bool TryRead(ReadOnlySpan<byte> text, int start, out int end)
    {
        Span<byte> digits = stackalloc byte[Longest];
        var (count, group, separator) = (0, 0, (byte)0);
        end = 0;
        for (var at = start; at < text.Length; at++)
        {
            if (!IsDigit(text[at]))
            {
                if (text[at] is not ((byte)' ' or (byte)'-') || (separator != 0 && text[at] != separator) || group > LongestGroup)
                    break;
                (separator, group) = (text[at], 0);
                if (at + 1 >= text.Length || !IsDigit(text[at + 1]))
                    break;
                continue;
            }

            if (count == Longest || (++group > LongestGroup && separator != 0))
                break;
            digits[count++] = (byte)(text[at] - '0');
            var ends = at + 1 == text.Length || !(Letters.IsAlphanumeric(text[at + 1]) || text[at + 1] == '_');
            if (ends && count >= Shortest && IsOfANetwork(digits[..count]) && PassesLuhn(digits[..count]))
                end = at + 1;
        }

        return end > 0;
    }

    /// <summary>Whether the digits are the end of something longer: a digit, a letter, or a digit with a separator stands in front of them.</summary>
    private static bool ContinuesNumber(ReadOnlySpan<byte> text, int start)
    {
        if (start == 0)
            return false;
        var before = text[start - 1];
        return Letters.IsAlphanumeric(before) || before == '_' || (before is (byte)'.' or (byte)'-' && start > 1 && IsDigit(text[start - 2]));
    }

    private static bool IsOfANetwork(ReadOnlySpan<byte> digits)
    {
        var two = (digits[0] * 10) + digits[1];
        var four = (two * 100) + (digits[2] * 10) + digits[3];
        return digits.Length switch
        {
            13 => digits[0] == 4,
            14 => two is 36 or 38 or 39 || four is >= 3000 and <= 3059,
            15 => two is 34 or 37,
            16 => digits[0] == 4 || two is (>= 51 and <= 55) or 62 or 65 || four is (>= 2221 and <= 2720) or 6011 or (>= 6440 and <= 6499) or (>= 3528 and <= 3589),
            _ => two is 62 or 65 || four is 6011 or (>= 6440 and <= 6499) or (>= 3528 and <= 3589) || (digits.Length == 19 && digits[0] == 4),
        };
    }

    private static bool PassesLuhn(ReadOnlySpan<byte> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] << (i & 1);
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0;
    }

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';
}
