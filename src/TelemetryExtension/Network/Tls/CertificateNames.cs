using System.Buffers;
using System.Formats.Asn1;
using System.Globalization;
using System.Text;

namespace TelemetryExtension.Network.Tls;

/// <summary>
/// Issuer and subject of a certificate, read from the start of its DER (RFC 5280 4.1), in a canonical form. As RFC 5280 7.1 requires, the kind of
/// string, case and blanks do not matter in a comparison.
/// </summary>
internal readonly record struct CertificateNames(string Issuer, string Subject)
{
    /// <summary>Names have at most 64 characters in most fields (RFC 5280, appendix A).</summary>
    private const int ShortText = 256;

    private static readonly Asn1Tag Version = new(TagClass.ContextSpecific, 0);

    public bool IsSelfIssued => Issuer == Subject;

    public static CertificateNames? TryRead(ReadOnlySpan<byte> der)
    {
        if (!TryFind(der, out var issuer, out var subject))
            return null;
        var text = new ArrayBufferWriter<char>(256);
        Canonical(issuer, text);
        var first = text.WrittenSpan.ToString();
        text.ResetWrittenCount();
        Canonical(subject, text);
        return new(first, text.WrittenSpan.ToString());
    }

    /// <summary>
    /// Writes only the subject, over what <paramref name="text"/> has. To search a bundle of hundreds of certificates this makes no garbage.
    /// </summary>
    public static bool TryReadSubject(ReadOnlySpan<byte> der, ArrayBufferWriter<char> text)
    {
        text.ResetWrittenCount();
        if (!TryFind(der, out _, out var subject))
            return false;
        Canonical(subject, text);
        return true;
    }

    private static bool TryFind(ReadOnlySpan<byte> der, out ReadOnlySpan<byte> issuer, out ReadOnlySpan<byte> subject)
    {
        issuer = subject = default;
        if (!TryTake(ref der, Asn1Tag.Sequence, out var certificate) || !TryTake(ref certificate, Asn1Tag.Sequence, out var body))
            return false;
        TryTake(ref body, Version, out _);
        return TryTake(ref body, Asn1Tag.Integer, out _) && TryTake(ref body, Asn1Tag.Sequence, out _)
            && TryTake(ref body, Asn1Tag.Sequence, out issuer) && TryTake(ref body, Asn1Tag.Sequence, out _)
            && TryTake(ref body, Asn1Tag.Sequence, out subject);
    }

    /// <summary>Name = SEQUENCE of SET of SEQUENCE { type OID, value }.</summary>
    private static void Canonical(ReadOnlySpan<byte> name, ArrayBufferWriter<char> text)
    {
        while (TryTake(ref name, Asn1Tag.SetOf, out var set))
        {
            Append(text, '/');
            while (TryTake(ref set, Asn1Tag.Sequence, out var attribute))
            {
                if (!TryTake(ref attribute, Asn1Tag.ObjectIdentifier, out var oid)
                    || !Asn1Tag.TryDecode(attribute, out var kind, out _) || !TryTake(ref attribute, kind, out var value))
                    break;
                Append(text, '+');
                AppendHex(text, oid);
                Append(text, '=');
                if (IsText(kind))
                {
                    AppendText(text, value);
                    continue;
                }

                text.Write(kind.TagValue.ToString(CultureInfo.InvariantCulture));
                Append(text, '#');
                AppendHex(text, value);
            }
        }
    }

    /// <summary>Other kinds of string are compared byte by byte.</summary>
    private static bool IsText(Asn1Tag kind) => kind.TagClass == TagClass.Universal && (UniversalTagNumber)kind.TagValue is UniversalTagNumber.UTF8String
        or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String or UniversalTagNumber.VisibleString;

    private static void AppendText(ArrayBufferWriter<char> text, ReadOnlySpan<byte> value)
    {
        value = value.Trim((byte)' ');
        var chars = value.Length <= ShortText ? stackalloc char[ShortText] : new char[value.Length];
        var pendingBlank = false;
        foreach (var c in chars[..Encoding.UTF8.GetChars(value, chars)])
        {
            if (c == ' ')
            {
                pendingBlank = true;
                continue;
            }

            if (pendingBlank)
                Append(text, ' ');
            pendingBlank = false;

            // Slashes and plus signs are separators, so escape them in values.
            if (c is '/' or '+' or '\\')
                Append(text, '\\');
            Append(text, char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c);
        }
    }

    private static void Append(ArrayBufferWriter<char> text, char c)
    {
        text.GetSpan(1)[0] = c;
        text.Advance(1);
    }

    private static void AppendHex(ArrayBufferWriter<char> text, ReadOnlySpan<byte> bytes)
    {
        Convert.TryToHexString(bytes, text.GetSpan(bytes.Length * 2), out var written);
        text.Advance(written);
    }

    /// <summary>Removes one element with the given tag from the front.</summary>
    private static bool TryTake(scoped ref ReadOnlySpan<byte> der, Asn1Tag expected, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (!AsnDecoder.TryReadEncodedValue(der, AsnEncodingRules.BER, out var tag, out var start, out var length, out var consumed)
            || !tag.HasSameClassAndValue(expected))
            return false;
        content = der.Slice(start, length);
        der = der[consumed..];
        return true;
    }
}
