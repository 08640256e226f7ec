using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TelemetryExtension.Network.Tls;

namespace TelemetryExtension.Tests.Network.Tls;

public sealed class CertificateNamesTests
{
    [Fact]
    public void TryRead_NamesThatDifferInCaseBlanksAndKindOfString_AreEqual()
    {
        var utf8 = Names(Name(UniversalTag.Utf8, "Shop  Root CA "));
        var printable = Names(Name(UniversalTag.Printable, "shop root ca"));

        Assert.True(utf8.IsSelfIssued);
        Assert.Equal(utf8, printable);
        Assert.NotEqual(utf8, Names(Name(UniversalTag.Utf8, "shop root cb")));
    }

    [Fact]
    public void TryReadSubject_WithOneText_IsTheSameAndMakesNoGarbage()
    {
        byte[][] certificates = [Certificate(Name(UniversalTag.Utf8, " Shop / Root  CA")), Certificate(Name(UniversalTag.Printable, "b")), [0x30, 0]];
        var text = new ArrayBufferWriter<char>(256);
        Assert.All(certificates[..2], certificate =>
        {
            Assert.True(CertificateNames.TryReadSubject(certificate, text));
            Assert.Equal(CertificateNames.TryRead(certificate)!.Value.Subject, text.WrittenSpan.ToString());
        });
        Assert.False(CertificateNames.TryReadSubject(certificates[2], text));

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var certificate in certificates)
            CertificateNames.TryReadSubject(certificate, text);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void TryRead_CutOffAnywhere_IsNullOrTheNames()
    {
        var der = Certificate(Name(UniversalTag.Utf8, "a"));
        var whole = CertificateNames.TryRead(der);

        for (var length = 0; length < der.Length; length++)
            Assert.True(CertificateNames.TryRead(der.AsSpan(0, length)) is not { } names || names == whole);
    }

    [Fact]
    public void TryRead_AnyByteChanged_DoesNotThrow()
    {
        var der = Certificate(Name(UniversalTag.Printable, "a"));
        for (var at = 0; at < der.Length; at++)
        {
            var damaged = (byte[])der.Clone();
            damaged[at] ^= 0xff;
            CertificateNames.TryRead(damaged);
        }
    }

    private static CertificateNames Names(X500DistinguishedName name) => CertificateNames.TryRead(Certificate(name))!.Value;

    private static byte[] Certificate(X500DistinguishedName name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest(name, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        return certificate.RawData;
    }

    /// <summary>A certificate with only a common name.</summary>
    private static X500DistinguishedName Name(UniversalTag tag, string text)
    {
        byte[] value = [(byte)tag, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)];
        byte[] attribute = [0x30, (byte)(5 + value.Length), 0x06, 0x03, 0x55, 0x04, 0x03, .. value];
        return new([0x30, (byte)(attribute.Length + 2), 0x31, (byte)attribute.Length, .. attribute]);
    }

    private enum UniversalTag : byte
    {
        Utf8 = 0x0c,
        Printable = 0x13,
    }
}
