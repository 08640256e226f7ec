using System.Formats.Asn1;
using System.Text;

namespace TelemetryExtension.Network.Tls;

/// <summary>
/// Issuer and subject of a certificate, read from the start of its DER (RFC 5280 4.1), in a canonical form. As RFC 5280 7.1 requires, the kind of
/// string, case and blanks do not matter in a comparison.
/// </summary>
internal readonly record struct CertificateNames(string Issuer, string Subject)
{
    private static readonly Asn1Tag Version = new(TagClass.ContextSpecific, 0);

    public bool IsSelfIssued => Issuer == Subject;

    public static CertificateNames? TryRead(ReadOnlySpan<byte> der)
    {
        if (!TryTake(ref der, Asn1Tag.Sequence, out var certificate) || !TryTake(ref certificate, Asn1Tag.Sequence, out var body))
            return null;
        TryTake(ref body, Version, out _);
        return TryTake(ref body, Asn1Tag.Integer, out _) && TryTake(ref body, Asn1Tag.Sequence, out _)
            && TryTake(ref body, Asn1Tag.Sequence, out var issuer) && TryTake(ref body, Asn1Tag.Sequence, out _)
            && TryTake(ref body, Asn1Tag.Sequence, out var subject)
            ? new(Canonical(issuer), Canonical(subject))
            : null;
    }

    /// <summary>Name = SEQUENCE of SET of SEQUENCE { type OID, value }.</summary>
    private static string Canonical(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length * 2);
        while (TryTake(ref name, Asn1Tag.SetOf, out var set))
        {
            text.Append('/');
            while (TryTake(ref set, Asn1Tag.Sequence, out var attribute))
            {
                if (!TryTake(ref attribute, Asn1Tag.ObjectIdentifier, out var oid)
                    || !Asn1Tag.TryDecode(attribute, out var kind, out _) || !TryTake(ref attribute, kind, out var value))
                    break;
                text.Append('+').Append(Convert.ToHexString(oid)).Append('=');
                if (IsText(kind))
                    AppendText(text, value);
                else
                    text.Append(kind.TagValue).Append('#').Append(Convert.ToHexString(value));
            }
        }

        return text.ToString();
    }

    /// <summary>Other kinds of string are compared byte by byte.</summary>
    private static bool IsText(Asn1Tag kind) => kind.TagClass == TagClass.Universal && (UniversalTagNumber)kind.TagValue is UniversalTagNumber.UTF8String
        or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String or UniversalTagNumber.VisibleString;

    private static void AppendText(StringBuilder text, ReadOnlySpan<byte> value)
    {
        var pendingBlank = false;
        foreach (var c in Encoding.UTF8.GetString(value).Trim(' '))
        {
            if (c == ' ')
            {
                pendingBlank = true;
                continue;
            }

            if (pendingBlank)
                text.Append(' ');
            pendingBlank = false;

            // Slashes and plus signs are separators, so escape them in values.
            if (c is '/' or '+' or '\\')
                text.Append('\\');
            text.Append(char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c);
        }
    }

    /// <summary>Removes one element with the given tag from the front.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> der, Asn1Tag expected, out ReadOnlySpan<byte> content)
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
