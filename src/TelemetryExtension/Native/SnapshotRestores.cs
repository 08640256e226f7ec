using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>
/// Lambda SnapStart copies the memory of this process. All copies have the same state of OpenSSL's random generator, and connections that ended when
/// the snapshot was taken. Whoever notices a restore says so here, before ids, jitter or TLS are made.
/// </summary>
internal static partial class SnapshotRestores
{
    private static int count;

    /// <summary>How many were noticed. A connection that was opened at another count is dead.</summary>
    public static int Count => Volatile.Read(ref count);

    public static void Notice()
    {
        Reseed();
        Interlocked.Increment(ref count);
    }

    /// <summary>
    /// A number from 0 up to 1, from the kernel. <see cref="Random"/> and the generator of <see cref="System.Diagnostics.ActivityTraceId"/> keep state
    /// in this process, which copies would share.
    /// </summary>
    public static double NextDouble()
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(bytes);
        return BitConverter.ToUInt32(bytes) / (uint.MaxValue + 1.0);
    }

    private static void Reseed()
    {
        try
        {
            _ = RandPoll();
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Not the static binary: OpenSSL has another name here, and no snapshot is taken of this process.
        }
    }

    [LibraryImport("libcrypto", EntryPoint = "RAND_poll")]
    private static partial int RandPoll();
}
