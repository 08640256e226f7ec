using TelemetryExtension.Destinations;

namespace TelemetryExtension.Outbox;

/// <summary>
/// The requests one destination may be given at once. Every signal has one of its own, so that one whose requests hang never keeps the others
/// from being sent; further ones are shared. Guarded by the outbox's lock.
/// </summary>
internal sealed class RequestSlots
{
    /// <summary>All shared ones may be taken by one signal, and each of the other two has one.</summary>
    public const int Shared = IDestination.MaxRequests - 2;

    private int _taken;

    /// <param name="hasOne">Whether the signal has a request under way already.</param>
    public bool IsFree(bool hasOne) => !hasOne || _taken < Shared;

    public void Take() => _taken++;

    public void Release() => _taken--;
}
