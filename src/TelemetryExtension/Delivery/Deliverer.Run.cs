using TelemetryExtension.Destinations;
using TelemetryExtension.Network;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Delivery;

internal sealed partial class Deliverer
{
    /// <summary>What one call to <see cref="DeliverAsync"/> keeps in mind.</summary>
    private sealed class Run(DeliveryMode mode, long started, TimeSpan budget, AttemptTimeout deadline)
    {
        private readonly HashSet<DeliveryLane> _failed = [];
        private bool _hasDelivered;

        public DeliveryMode Mode { get; } = mode;

        public bool IsLastChance => Mode == DeliveryMode.Drain;

        public CancellationToken Token { get; } = deadline.Token;

        public bool IsOver => Token.IsCancellationRequested;

        public bool IsBudgetSpent => deadline.IsExpired;

        public TimeSpan AtMostHalf(TimeSpan limit) => budget == Timeout.InfiniteTimeSpan || limit <= budget / 2 ? limit : budget / 2;

        public TimeSpan AtMostAFifth(TimeSpan limit) => budget == Timeout.InfiniteTimeSpan || limit <= budget / 5 ? limit : budget / 5;

        public TimeSpan Left(TimeProvider time) => budget == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : budget - time.GetElapsedTime(started);

        public bool HasFailed(DeliveryLane lane)
        {
            lock (_failed)
                return _failed.Contains(lane);
        }

        public bool HasDelivered
        {
            get
            {
                lock (_failed)
                    return _hasDelivered;
            }
        }

        public void Note(DeliveryLane lane, DeliveryResult? result)
        {
            lock (_failed)
            {
                if (result is null or { Status: DeliveryStatus.Retryable })
                    _failed.Add(lane);
                else
                    _hasDelivered |= result is { Status: DeliveryStatus.Delivered };
            }
        }
    }
}
