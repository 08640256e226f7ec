using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Network.Tls;

/// <summary>Reads certificates and keys from the settings, and tolerates common mistakes.</summary>
internal static class PemReader
{
    private const int MaxBytes = 16 * 1024 * 1024;

    private static ReadOnlySpan<byte> Begin => "-----BEGIN "u8;

    /// <summary>
    /// The PEM text. It converts a certificate in DER form, and replaces escaped line breaks (\n) by real ones. Both are logged once, because other
    /// programs refuse such a file.
    /// </summary>
    /// <exception cref="PemException">It is unreadable or empty.</exception>
    public static byte[] Read(PemSource source)
    {
        var bytes = source.IsText ? Encoding.UTF8.GetBytes(source.Value) : ReadFile(source);
        if (bytes.AsSpan().IndexOf(Begin) >= 0)
        {
            if (bytes.AsSpan().IndexOf("-----\\n"u8) < 0 && bytes.AsSpan().IndexOf("-----\\r"u8) < 0)
                return bytes;
            Log.WarnOnce($"{source.Name} escaped", $"{source.Name} has \\n where lines should break; it is read as if they did");
            return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace("\\r", "", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal));
        }

        if (bytes.AsSpan().Trim(" \t\r\n\0"u8).IsEmpty)
            throw new PemException($"{source.Name} is empty");
        if (CertificateNames.TryRead(bytes) is null)
            return bytes;
        Log.WarnOnce($"{source.Name} DER", $"{source.Name} is a certificate in DER form, not PEM; it is read all the same");
        return Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", bytes));
    }

    /// <summary>
    /// All blocks of the text, e.g. ("CERTIFICATE", DER). A block that is not base64, such as a key with a password, has empty content. Unlike .NET,
    /// this accepts missing line breaks.
    /// </summary>
    public static List<(string Label, byte[] Der)> ReadBlocks(PemSource source)
    {
        var blocks = new List<(string, byte[])>();
        ReadOnlySpan<byte> text = Read(source);
        while (text.IndexOf(Begin) is >= 0 and var start)
        {
            text = text[(start + Begin.Length)..];
            var label = text[..Math.Max(0, text.IndexOf("-----"u8))];
            text = text[Math.Min(text.Length, label.Length + 5)..];
            var end = text.IndexOf("-----END "u8);
            if (end < 0)
                break;
            var der = new byte[end];
            var status = Base64.DecodeFromUtf8(text[..end], der, out _, out var length);
            blocks.Add((Encoding.ASCII.GetString(label), status == OperationStatus.Done ? der[..length] : []));
            text = text[end..];
        }

        return blocks;
    }

    private static byte[] ReadFile(PemSource source)
    {
        try
        {
            if (new FileInfo(source.Value).Length <= MaxBytes)
                return File.ReadAllBytes(source.Value);
            throw new PemException($"{source.Name} is too large for a file of certificates");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new PemException($"cannot read {source.Name}: {(Directory.Exists(source.Value) ? "is a directory" : Reason.Of(exception))}");
        }
    }
}

/// <summary>A certificate or key is unusable. The message names the file and the setting.</summary>
internal sealed class PemException(string message) : Exception(message);
