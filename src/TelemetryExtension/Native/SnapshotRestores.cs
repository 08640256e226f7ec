using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>
/// Lambda SnapStart copies the memory of this process. All copies have the same state of OpenSSL's random generator, and the same connections, which
/// ended with the snapshot. Whoever notices a restore calls <see cref="Notice"/> before anything creates ids, jitter or TLS keys.
/// </summary>
internal static partial class SnapshotRestores
{
    private static int count;

    /// <summary>The number of restores so far. A connection that was opened at another count is dead.</summary>
    public static int Count => Volatile.Read(ref count);

    public static void Notice()
    {
        Reseed();
        Interlocked.Increment(ref count);
    }

    /// <summary>
    /// A random number of the kernel, at least 0 and below 1. <see cref="Random"/> and the generator of <see cref="ActivityTraceId"/>
    /// keep state in this process, which copies would share.
    /// </summary>
    public static double NextDouble()
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(bytes);
        return BitConverter.ToUInt32(bytes) / (uint.MaxValue + 1.0);
    }

    /// <summary>A random id, from the kernel like <see cref="NextDouble"/>.</summary>
    public static ActivityTraceId NewTraceId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(bytes);
        return ActivityTraceId.CreateFromBytes(bytes);
    }

    /// <summary>As <see cref="NewTraceId"/>. The second half of a Guid has the fewest fixed bits.</summary>
    public static ActivitySpanId NewSpanId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(bytes);
        return ActivitySpanId.CreateFromBytes(bytes[8..]);
    }

    private static void Reseed()
    {
        try
        {
            _ = RandPoll();
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // This is not the static binary: OpenSSL has another name, and nobody takes a snapshot of this process.
        }
    }

    [LibraryImport("libcrypto", EntryPoint = "RAND_poll")]
    private static partial int RandPoll();
}
