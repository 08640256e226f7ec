namespace LambdaSandbox.Backend;

/// <summary>How the backend reads the body of one request. Decided by the headers, before the first byte of the body.</summary>
public sealed record Reading
{
    private Reading()
    {
    }

    public static Reading Normal { get; } = new();

    /// <summary>Reads nothing and answers nothing.</summary>
    public static Reading Never { get; } = new() { Hangs = true };

    internal int? BytesPerSecond { get; private init; }

    internal long? ResetAfterBytes { get; private init; }

    internal bool Hangs { get; private init; }

    /// <summary>Reads slowly. What the client sends beyond that waits in about 64 KiB of buffers here, and in the kernel's.</summary>
    public static Reading Slowly(int bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        return new() { BytesPerSecond = bytesPerSecond };
    }

    /// <summary>Sends a TCP RST in the middle of the request. 0 resets after the headers.</summary>
    public static Reading ResetAfter(long bytes) => new() { ResetAfterBytes = bytes };
}
