using System.Runtime.InteropServices;

namespace TelemetryExtension.Export.Tls;

/// <summary>
/// What a statically linked process has to set before its first name look-up and its first TLS handshake. Does no harm in a dynamic one.
/// </summary>
internal static partial class StaticBinary
{
    private static readonly Lazy<bool> Prepared = new(PrepareOnce);

    public static void Prepare() => _ = Prepared.Value;

    private static bool PrepareOnce()
    {
        try
        {
            // Static glibc would follow /etc/nsswitch.conf and load modules made for another glibc.
            NssConfigureLookup("hosts", "files dns");
        }
        catch (EntryPointNotFoundException)
        {
            // Another libc: it needs none of this.
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "__nss_configure_lookup", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NssConfigureLookup(string database, string services);
}
