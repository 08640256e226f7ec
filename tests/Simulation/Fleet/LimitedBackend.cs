using Simulation.Time;
using TelemetryExtension.Destinations;

namespace Simulation.Fleet;

/// <summary>
/// One backend for the whole fleet. It works through a queue at a fixed rate and refuses what the queue cannot hold. Like most servers it also
/// does the work of clients that have hung up: that work is wasted when they send it again.
/// </summary>
/// <param name="capacity">Records a second, if requests cost nothing.</param>
internal sealed class LimitedBackend(SimulatedClock clock, double capacity, FleetCurves curves)
{
    /// <summary>What a request costs beside its records, and what it costs to refuse one; in records.</summary>
    public const double RequestCost = 2;
    public const double RefusalCost = 0.1;

    private static readonly TimeSpan HalfRoundTrip = TimeSpan.FromMilliseconds(5);

    private TimeSpan _busyUntil;
    private double _quotaUsed;
    private TimeSpan _quotaAt;

    /// <summary>How much work waits before requests are refused.</summary>
    public TimeSpan Queue { get; init; } = TimeSpan.FromSeconds(2);

    public bool IsDown { get; set; }

    /// <summary>Each answer takes this much longer, whatever there is to do.</summary>
    public TimeSpan ExtraLatency { get; set; }

    /// <summary>Records a second above which it answers 429; 0: none.</summary>
    public double Quota { get; set; }

    public TimeSpan RetryAfter { get; set; }

    public void Request(SimulatedRequest request)
    {
        curves.Requested();
        if (IsDown)
        {
            clock.In(HalfRoundTrip, () => request.Answer(new(DeliveryStatus.Retryable, Message: "ConnectionError")));
            return;
        }

        if (IsOverQuota(request.Records))
        {
            Refuse(request, RetryAfter);
            return;
        }

        var start = clock.Now > _busyUntil ? clock.Now : _busyUntil;
        if (start - clock.Now > Queue)
        {
            Refuse(request, null);
            return;
        }

        var cost = request.Records + RequestCost;
        _busyUntil = start + TimeSpan.FromSeconds(cost / capacity);
        clock.In(_busyUntil - clock.Now, () => Take(request, cost));
    }

    private void Refuse(SimulatedRequest request, TimeSpan? retryAfter)
    {
        curves.Refused();
        var start = clock.Now > _busyUntil ? clock.Now : _busyUntil;
        _busyUntil = start + TimeSpan.FromSeconds(RefusalCost / capacity);
        clock.In(2 * HalfRoundTrip, () => request.Answer(new(DeliveryStatus.Retryable, Message: "HTTP 503", RetryAfter: retryAfter)));
    }

    private void Take(SimulatedRequest request, double cost)
    {
        var once = request.TakeOnce();
        curves.Took(once, cost * once / request.Records, cost);
        clock.In(HalfRoundTrip + ExtraLatency, () => request.Answer(new(DeliveryStatus.Delivered)));
    }

    /// <summary>A bucket that holds one second's worth.</summary>
    private bool IsOverQuota(int records)
    {
        if (Quota <= 0)
            return false;
        _quotaUsed = Math.Max(0, _quotaUsed - ((clock.Now - _quotaAt).TotalSeconds * Quota));
        _quotaAt = clock.Now;
        if (_quotaUsed > Quota)
            return true;
        _quotaUsed += records;
        return false;
    }
}
