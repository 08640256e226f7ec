namespace LambdaSandbox.Backend;

/// <summary>Everything received so far, in the order of acceptance, as snapshots. Each change wakes all waiters.</summary>
internal sealed class Inbox
{
    private readonly Lock _gate = new();
    private readonly Growing<ReceivedRequest> _requests = new();
    private readonly Growing<ReceivedSpan> _spans = new();
    private readonly Growing<ReceivedLogRecord> _logRecords = new();
    private readonly Growing<ReceivedMetric> _metrics = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _number;

    public IReadOnlyList<ReceivedRequest> Requests => Snapshot(_requests);

    public IReadOnlyList<ReceivedSpan> Spans => Snapshot(_spans);

    public IReadOnlyList<ReceivedLogRecord> LogRecords => Snapshot(_logRecords);

    public IReadOnlyList<ReceivedMetric> Metrics => Snapshot(_metrics);

    /// <summary>Completes at the next change. Get it before reading the lists, so that no change is missed.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    public int NextNumber() => Interlocked.Increment(ref _number);

    public void Add(ReceivedRequest request) => Change(() => _requests.Add(request));

    /// <summary>Adds the items of a request except the first <paramref name="rejected"/>.</summary>
    public void Accept(ReceivedRequest request, long rejected) => Change(() =>
    {
        request.AcceptedItems = Math.Max(0, request.ItemCount - rejected);
        var skip = (int)Math.Min(rejected, int.MaxValue);
        _spans.AddRange(OtlpMessages.Spans(request.Message).Skip(skip));
        _logRecords.AddRange(OtlpMessages.LogRecords(request.Message).Skip(skip));
        _metrics.AddRange(OtlpMessages.MetricsWithoutFirstPoints(request.Message, rejected));
    });

    public void Answer(ReceivedRequest request, int httpStatus, int? grpcStatus) => Change(() =>
    {
        request.HttpStatus = httpStatus;
        request.GrpcStatus = grpcStatus;
    });

    public void Clear() => Change(() =>
    {
        _requests.Clear();
        _spans.Clear();
        _logRecords.Clear();
        _metrics.Clear();
    });

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    private T[] Snapshot<T>(Growing<T> list)
    {
        lock (_gate)
            return list.Snapshot();
    }

    /// <summary>A list that copies its snapshot only after a change.</summary>
    private sealed class Growing<T>
    {
        private readonly List<T> _items = [];
        private T[]? _snapshot;

        public void Add(T item)
        {
            _items.Add(item);
            _snapshot = null;
        }

        public void AddRange(IEnumerable<T> items)
        {
            var count = _items.Count;
            _items.AddRange(items);
            if (_items.Count != count)
                _snapshot = null;
        }

        public void Clear()
        {
            _items.Clear();
            _snapshot = null;
        }

        public T[] Snapshot() => _snapshot ??= [.. _items];
    }
}
