using TelemetryExtension.Destinations;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Limits the concurrent requests to one destination. Each signal has one slot of its own, so that a signal whose requests hang never blocks the others.
/// The other slots are shared. Guarded by the outbox's lock.
/// </summary>
internal sealed class RequestSlots
{
    /// <summary>One signal may take all shared slots while each of the other two has its own.</summary>
    public const int Shared = IDestination.MaxRequests - 2;

    private int _taken;

    /// <param name="hasOne">Whether the signal already has a request in flight.</param>
    public bool IsFree(bool hasOne) => !hasOne || _taken < Shared;

    public void Take() => _taken++;

    public void Release() => _taken--;
}
