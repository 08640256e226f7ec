using System.Buffers.Binary;
using System.Diagnostics;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// The ids that invocations of this environment took from their trace headers. A repeated run of an asynchronous event may bring the same header
/// again. The id is then in use, and the later run gets its own id under it.
/// </summary>
internal sealed class SpanIdsInUse
{
    /// <summary>Some minutes of a busy environment. Lambda repeats an event after one and two minutes.</summary>
    private const int Remembered = 4096;

    private readonly Dictionary<ulong, long> _owners = [];
    private readonly Queue<ulong> _order = [];

    /// <summary>False when another run has the id.</summary>
    /// <param name="run">A number that no other run has.</param>
    public bool TryTake(ActivitySpanId id, long run)
    {
        Span<byte> bytes = stackalloc byte[8];
        id.CopyTo(bytes);
        var key = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        if (_owners.TryGetValue(key, out var owner))
            return owner == run;
        if (_order.Count >= Remembered)
            _owners.Remove(_order.Dequeue());
        _owners.Add(key, run);
        _order.Enqueue(key);
        return true;
    }
}
