namespace LambdaSandbox.Backend;

/// <summary>What came in so far, in the order of acceptance; snapshots, and one wake-up for all waiters at every change.</summary>
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

    /// <summary>Ends at the next change. To miss none, take it before looking.</summary>
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

    /// <summary>Takes the items of a request but for the first <paramref name="rejected"/> ones.</summary>
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

    /// <summary>A list whose snapshot is copied only after it has changed.</summary>
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
