using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography.X509Certificates;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Network.Tls;

/// <summary>
/// A PEM file of trusted certificates. It parses only those that a server's chain names: parsing all of them takes most of the time of a first HTTPS
/// request. It keeps the parsed certificates until the file is replaced, but not the file's content.
/// </summary>
internal sealed class CaBundle(PemSource source)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, X509Certificate2[]> _bySubject = new(StringComparer.Ordinal);
    private (long, DateTime) _stamp;

    /// <summary>
    /// The certificates whose subject is one of <paramref name="names"/>, and recursively their issuers. Several may have the same subject (renewed
    /// or cross-signed). Empty when the file cannot be read, which is logged once.
    /// </summary>
    public List<X509Certificate2> Find(IEnumerable<string> names)
    {
        lock (_gate)
        {
            var stamp = Stamp();
            if (stamp != _stamp)
                _bySubject.Clear();
            _stamp = stamp;
            var found = new List<X509Certificate2>();
            var visited = new HashSet<string>(StringComparer.Ordinal);
            var wanted = new HashSet<string>(names, StringComparer.Ordinal);
            byte[]? pem = null;
            while (wanted.Count > 0)
            {
                if (wanted.Any(name => !_bySubject.ContainsKey(name)))
                {
                    // The file may be readable next time, so do not remember these names as unknown.
                    if ((pem ??= Read()) is null)
                        break;
                    Load(pem, wanted);
                }

                visited.UnionWith(wanted);
                var level = wanted.SelectMany(name => _bySubject[name]).ToList();
                found.AddRange(level);
                wanted = [.. level.Select(static certificate => CertificateNames.TryRead(certificate.RawDataMemory.Span)!.Value.Issuer).Where(issuer => !visited.Contains(issuer))];
            }

            return found;
        }
    }

    /// <summary>The file's size and time, to notice that it was replaced. Nothing for text and for a file that is not there.</summary>
    private (long, DateTime) Stamp()
    {
        // File.Exists bears any text, unlike FileInfo.
        var file = source.IsText || !File.Exists(source.Value) ? null : new FileInfo(source.Value);
        return file is { Exists: true } ? (file.Length, file.LastWriteTimeUtc) : default;
    }

    private void Load(ReadOnlySpan<byte> pem, HashSet<string> wanted)
    {
        var found = wanted.Where(name => !_bySubject.ContainsKey(name)).ToDictionary(static name => name, static _ => new List<X509Certificate2>(), StringComparer.Ordinal);
        var bySubject = found.GetAlternateLookup<ReadOnlySpan<char>>();
        var begin = "-----BEGIN CERTIFICATE-----"u8;
        var der = Array.Empty<byte>();
        var subject = new ArrayBufferWriter<char>(256);
        while (true)
        {
            // Like .NET, this skips "TRUSTED CERTIFICATE": the purposes that follow it may exclude servers.
            var start = pem.IndexOf(begin);
            if (start < 0)
                break;
            pem = pem[(start + begin.Length)..];
            var end = pem.IndexOf("-----END "u8);
            if (end < 0)
                break;
            if (der.Length < end)
                der = new byte[end * 2];
            Base64.DecodeFromUtf8(pem[..end], der, out _, out var length);
            pem = pem[end..];
            if (CertificateNames.TryReadSubject(der.AsSpan(0, length), subject) && bySubject.TryGetValue(subject.WrittenSpan, out var certificates)
                && TryParse(der.AsSpan(0, length)) is { } certificate)
                certificates.Add(certificate);
        }

        foreach (var (name, certificates) in found)
            _bySubject.Add(name, [.. certificates]);
    }

    private static X509Certificate2? TryParse(ReadOnlySpan<byte> der)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(der);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    private byte[]? Read()
    {
        try
        {
            var pem = PemReader.Read(source);
            if (pem.AsSpan().IndexOf("-----BEGIN CERTIFICATE-----"u8) >= 0)
                return pem;
            Log.WarnOnce(source.Name, $"{source.Name} holds no certificate in PEM form: no server can be trusted");
        }
        catch (PemException exception)
        {
            Log.WarnOnce(source.Name, $"{exception.Message}: no server can be trusted");
        }

        return null;
    }
}
