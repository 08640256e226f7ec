using System.Text;

namespace TelemetryExtension.Network.Tls;

/// <summary>
/// Issuer and subject of a certificate, read by walking its DER down to them and no further (RFC 5280 4.1), in a form that can be compared as RFC 5280
/// 7.1 wants it: kind of string, case and blanks do not matter.
/// </summary>
internal readonly record struct CertificateNames(string Issuer, string Subject)
{
    private const byte Integer = 0x02;
    private const byte Sequence = 0x30;
    private const byte Set = 0x31;
    private const byte Version = 0xa0;

    public bool IsSelfIssued => Issuer == Subject;

    public static CertificateNames? TryRead(ReadOnlySpan<byte> der)
    {
        if (!TryTake(ref der, Sequence, out var certificate) || !TryTake(ref certificate, Sequence, out var body))
            return null;
        if (body.Length > 0 && body[0] == Version && !TryTake(ref body, Version, out _))
            return null;
        return TryTake(ref body, Integer, out _) && TryTake(ref body, Sequence, out _)
            && TryTake(ref body, Sequence, out var issuer) && TryTake(ref body, Sequence, out _) && TryTake(ref body, Sequence, out var subject)
            ? new(Canonical(issuer), Canonical(subject))
            : null;
    }

    /// <summary>Name = SEQUENCE of SET of SEQUENCE { type OID, value }.</summary>
    private static string Canonical(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length * 2);
        while (TryTake(ref name, Set, out var set))
        {
            text.Append('/');
            while (TryTake(ref set, Sequence, out var attribute))
            {
                if (!TryTake(ref attribute, 0x06, out var oid) || attribute.Length < 2)
                    break;
                var kind = attribute[0];
                if (!TryTake(ref attribute, kind, out var value))
                    break;
                text.Append('+').Append(Convert.ToHexString(oid)).Append('=');

                // UTF8String, PrintableString, IA5String, VisibleString: texts. Others are compared byte by byte.
                if (kind is 0x0c or 0x13 or 0x16 or 0x1a)
                    AppendText(text, value);
                else
                    text.Append(kind).Append('#').Append(Convert.ToHexString(value));
            }
        }

        return text.ToString();
    }

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

            // Slashes and plus signs separate; in a value they must not.
            if (c is '/' or '+' or '\\')
                text.Append('\\');
            text.Append(char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c);
        }
    }

    /// <summary>Takes one element with the given tag off the front.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> der, byte tag, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (der.Length < 2 || der[0] != tag)
            return false;
        int length = der[1];
        var header = 2;
        if (length >= 0x80)
        {
            var bytes = length & 0x7f;
            if (bytes is 0 or > 3 || der.Length < 2 + bytes)
                return false;
            length = 0;
            for (var i = 0; i < bytes; i++)
                length = (length << 8) | der[2 + i];
            header += bytes;
        }

        if (length > der.Length - header)
            return false;
        content = der.Slice(header, length);
        der = der[(header + length)..];
        return true;
    }
}
