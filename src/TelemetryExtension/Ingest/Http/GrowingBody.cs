using TelemetryExtension.Buffering;

namespace TelemetryExtension.Ingest.Http;

/// <summary>
/// Collects a body of unknown length, up to a limit and within a lease. Buffers are charged before they are rented. The caller must call <see cref="Take"/>
/// or <see cref="Release"/>.
/// </summary>
/// <param name="keep">Whether the bytes are kept. With a known size the buffer is then allocated, not rented, so that it needs no copy later.</param>
internal sealed class GrowingBody(int limit, ByteLease? lease, bool keep = false)
{
    private const int Smallest = 4 * 1024;
    private PooledBody? _body;

    public int Length { get; private set; }

    /// <summary>Reserves a known or expected size exactly, or nothing when it is 0.</summary>
    public BodyStatus TryStart(long size) => size switch
    {
        0 => BodyStatus.Complete,
        _ when size > limit => BodyStatus.TooLarge,
        _ => TryRent((int)size, keep),
    };

    /// <summary>Reserves at least one more byte, ideally <paramref name="wanted"/>.</summary>
    public BodyStatus TryReserve(long wanted)
    {
        if (_body is not null && Length < _body.Length)
            return BodyStatus.Complete;
        return Length < limit
            ? TryRent((int)Math.Min(limit, Math.Max(Length + Math.Max(wanted, 1), Math.Max(Smallest, 2L * Length))))
            : BodyStatus.TooLarge;
    }

    /// <summary>The free part of the buffer. Empty before the first reservation.</summary>
    public Memory<byte> Free => _body is null ? default : _body.Memory[Length..];

    public void Advance(int bytes) => Length += bytes;

    /// <summary>Returns the collected bytes. The caller owns the reference.</summary>
    public PooledBody Take()
    {
        var body = _body ?? PooledBody.Rent(0);
        body.Truncate(Length);
        _body = null;
        return body;
    }

    public void Release()
    {
        _body?.Release();
        _body = null;
    }

    private BodyStatus TryRent(int size, bool own = false)
    {
        if (lease is not null && lease.Take(ByteLease.CostOf(size)) is not BodyStatus.Complete and var refused)
            return refused;
        PooledBody bigger;
        try
        {
            bigger = own ? PooledBody.Allocate(size) : PooledBody.Rent(size);
        }
        catch (OutOfMemoryException)
        {
            lease?.Return(ByteLease.CostOf(size));
            return BodyStatus.OverBudget;
        }

        if (_body is not null)
        {
            _body.Span[..Length].CopyTo(bigger.Span);
            lease?.Return(ByteLease.CostOf(_body.Length));
            _body.Release();
        }

        _body = bigger;
        return BodyStatus.Complete;
    }
}
