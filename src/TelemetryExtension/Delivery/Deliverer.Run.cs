using TelemetryExtension.Destinations;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Delivery;

internal sealed partial class Deliverer
{
    /// <summary>The state of one call of <see cref="DeliverAsync"/>.</summary>
    /// <param name="superseded">Cancelled when the last chance ends this call.</param>
    private sealed class Run(DeliveryMode mode, long started, TimeSpan budget, AttemptTimeout deadline, CancellationToken superseded)
    {
        private const int MaxBatchIds = 16;

        private readonly HashSet<DeliveryLane> _failed = [];
        private readonly HashSet<DeliveryLane> _answered = [];
        private readonly HashSet<DeliveryLane> _unanswered = [];
        private readonly List<string> _batchIds = [];
        private readonly HashSet<DeliveryLane> _slow = [];
        private bool _hasDelivered;
        private long _bytes;

        public DeliveryMode Mode { get; } = mode;

        public bool IsLastChance => Mode == DeliveryMode.Drain;

        public CancellationToken Token { get; } = deadline.Token;

        public bool IsOver => Token.IsCancellationRequested;

        public bool IsBudgetSpent => deadline.IsExpired;

        public bool KeepsSent { get; init; }

        public SentRequests? Sent
        {
            get
            {
                if (!KeepsSent)
                    return null;
                lock (_failed)
                    return new(_bytes, [.. _batchIds]);
            }
        }

        /// <summary>A destination took this request.</summary>
        public void Delivered(OtlpPayload payload)
        {
            if (!KeepsSent)
                return;
            lock (_failed)
            {
                _bytes += payload.Body.Length;
                if (_batchIds.Count < MaxBatchIds)
                    _batchIds.Add(payload.BatchId);
            }
        }

        /// <summary>Whether a request that was cut off after this long should already have been answered.</summary>
        public bool WasLongEnough(TimeSpan took) => deadline.IsExpired || (took >= MinConclusiveWait && !superseded.IsCancellationRequested);

        public TimeSpan CapAtHalf(TimeSpan limit) => budget == Timeout.InfiniteTimeSpan || limit <= budget / 2 ? limit : budget / 2;

        public TimeSpan CapAtFifth(TimeSpan limit) => budget == Timeout.InfiniteTimeSpan || limit <= budget / 5 ? limit : budget / 5;

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

        /// <summary>Signals of these lanes with at least one final answer, and signals whose requests all failed or got no answer.</summary>
        public (List<Signal> Answered, List<Signal> Silent) Answers(DeliveryLane[] lanes)
        {
            lock (_failed)
            {
                return ([.. lanes.Where(_answered.Contains).Select(static lane => lane.Signal)],
                    [.. lanes.Where(lane => _unanswered.Contains(lane) && !_answered.Contains(lane)).Select(static lane => lane.Signal)]);
            }
        }

        /// <summary>Whether no request to these lanes took longer than an invocation can wait.</summary>
        public bool WasQuick(DeliveryLane[] lanes)
        {
            lock (_failed)
                return !Array.Exists(lanes, _slow.Contains);
        }

        public void NoteSlow(DeliveryLane lane)
        {
            lock (_failed)
                _slow.Add(lane);
        }

        /// <param name="isUnanswered">Whether the destination had the time to answer and did not.</param>
        public void Note(DeliveryLane lane, DeliveryResult? result, bool isUnanswered)
        {
            lock (_failed)
            {
                if (isUnanswered || result is { Status: DeliveryStatus.Retryable })
                    _unanswered.Add(lane);
                else if (result is not null)
                    _answered.Add(lane);
                if (result is null or { Status: DeliveryStatus.Retryable })
                    _failed.Add(lane);
                else
                    _hasDelivered |= result is { Status: DeliveryStatus.Delivered };
            }
        }
    }
}
