using System.Diagnostics;

namespace TelemetryExtension.Invocations;

/// <summary>
/// The ids that invocations of this environment took from their trace headers. The same header may come again, with the repeated run of an
/// asynchronous event: then the id is in use, and the later run gets one of its own under it.
/// </summary>
internal sealed class SpanIdsInUse
{
    /// <summary>Some minutes of a busy environment; Lambda repeats an event after one and two minutes.</summary>
    private const int Remembered = 4096;

    private readonly Dictionary<ActivitySpanId, Invocation> _owners = [];
    private readonly Queue<ActivitySpanId> _order = [];

    /// <summary>False when another invocation has it.</summary>
    public bool TryTake(ActivitySpanId id, Invocation invocation)
    {
        if (_owners.TryGetValue(id, out var owner))
            return owner == invocation;
        if (_order.Count >= Remembered)
            _owners.Remove(_order.Dequeue());
        _owners.Add(id, invocation);
        _order.Enqueue(id);
        return true;
    }
}
