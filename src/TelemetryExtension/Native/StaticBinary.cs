using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>
/// Prepares this process once, before its first DNS query and its first TLS handshake. Afterwards .NET's own trust is empty: every TLS connection
/// needs Network/Tls/ServerTrust, which Network/OutboundHandler sets up.
/// </summary>
internal static partial class StaticBinary
{
    private const string Nothing = "/nonexistent";

    private static readonly string[] Bundles =
    [
        "/etc/pki/tls/certs/ca-bundle.crt", // Amazon Linux
        "/etc/ssl/certs/ca-certificates.crt", // Debian
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];

    private static readonly Lazy<string> Bundle = new(PrepareOnce);

    /// <summary>
    /// Prepares the process at the first call. Returns the path of the system's trusted certificates (SSL_CERT_FILE, or the first usual path that
    /// exists).
    /// </summary>
    public static string Prepare() => Bundle.Value;

    private static string PrepareOnce()
    {
        // Read it before the variable changes below: .NET may copy the environment only now.
        var bundle = Environment.GetEnvironmentVariable("SSL_CERT_FILE") is { Length: > 0 } path ? path : Array.Find(Bundles, File.Exists) ?? Bundles[0];
        try
        {
            // Static glibc would follow /etc/nsswitch.conf and load modules that were built for another glibc.
            NssConfigureLookup("hosts", "files dns");

            // For every validation, even with custom roots, .NET parses all system roots: 28 ms of CPU instead of 6 for the first request.
            // Environment.SetEnvironmentVariable would not affect OpenSSL.
            SetEnv("SSL_CERT_FILE", Nothing, 1);
            SetEnv("SSL_CERT_DIR", Nothing, 1);
        }
        catch (EntryPointNotFoundException)
        {
            // Another libc. It does not need the first setting, and the second only saves time.
        }

        return bundle;
    }

    [LibraryImport("libc", EntryPoint = "__nss_configure_lookup", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NssConfigureLookup(string database, string services);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);
}
