using Simulation;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Tests.Delivery;

namespace TelemetryExtension.Tests.Outbox.Model;

/// <summary>
/// Lets the real outbox and its spool live through random actions, all of which follow from a seed, and compares them with the model after each.
/// Work on files is done at once; what the process does meanwhile happens in the middle of a write.
/// </summary>
internal sealed partial class OutboxRun : IDisposable
{
    private const int ActionsInAWrite = 3;

    private readonly Random _random;
    private readonly ManualTimeProvider _time = new();
    private readonly MemoryFiles _disk = new();
    private readonly ScriptedDestination[] _destinations;
    private readonly OutboxOptions _options;
    private readonly List<Request> _out = [];
    private readonly List<OutboxEntry> _letters = [];
    private readonly Queue<string> _lastActions = new();
    private PayloadOutbox _outbox;
    private ProcessFiles _files;
    private Ledger _ledger;
    private RecordBook _book;
    private LedgerCheck _check;
    private int _numbers;
    private int _depth;

    public OutboxRun(int seed)
    {
        _random = new(seed);
        _destinations = [.. Enumerable.Range(0, 1 + _random.Next(2)).Select(static i => new ScriptedDestination(i == 0 ? "a" : "b"))];
        if (_destinations.Length > 1 && _random.Next(3) == 0)
            _destinations[1].Signals.Remove(Signal.Metrics);
        _options = new(
            MaxBytes: Pick(6_000, 20_000, 200_000), MaxRequestBytes: Pick(600, 3_000, 100_000), MaxAge: TimeSpan.FromMinutes(Pick(2, 60, 360)),
            MaxAttempts: Pick(2, 8, 1000), SpoolMaxBytes: Pick(0, 8_000, 60_000, 1_000_000), SpoolDirectory: _disk.Directory,
            KeepsForDeadLetters: _random.Next(2) == 0, MaxOvershootBytes: Pick(0, 4_000, 100_000));
        Begin();
    }

    public int Actions { get; private set; }

    /// <exception cref="ModelViolationException">The outbox and the model differ.</exception>
    public void Run(int actions)
    {
        try
        {
            while (Actions < actions)
            {
                Act();
                if (_files.IsKilled)
                    Restart();
                else
                    _check.AfterAction(_outbox, _disk);
            }

            Finish();
        }
        catch (Exception exception)
        {
            throw new ModelViolationException($"{exception.Message}{Environment.NewLine}after {string.Join(", ", _lastActions)}{Environment.NewLine}{_ledger}; {_outbox.Counts}; {_options}{Environment.NewLine}{exception.StackTrace}");
        }
    }

    public void Dispose()
    {
        _outbox.Dispose();
        _files.Dispose();
        _disk.Dispose();
    }

    private void Act()
    {
        Actions++;
        switch (_random.Next(100))
        {
            case < 34:
                Note("add");
                Add();
                break;
            case < 56:
                Note("take");
                Take();
                break;
            case < 80:
                Note("answer");
                Answer();
                break;
            case < 86:
                Note("time");
                _time.Advance(TimeSpan.FromSeconds(_random.Next(40)));
                break;
            case < 88:
                Note("freeze");
                _time.JumpWallClock(TimeSpan.FromMinutes(_random.Next(_random.Next(3) == 0 ? 400 : 5)));
                break;
            case < 91:
                Note("disk full or not");
                _files.IsFull = !_files.IsFull && _random.Next(2) == 0;
                break;
            case < 95:
                Note("letters");
                Letters();
                break;
            case < 96 when _random.Next(8) == 0:
                Note("damage");
                Damage();
                break;
            case < 97 when _random.Next(8) == 0:
                Note("kill");
                _files.IsKilled = true;
                break;
            case < 98 when _random.Next(8) == 0 && _depth == 0:
                Note("reset");
                Reset();
                break;
        }
    }

    private void Add()
    {
        var signal = (Signal)_random.Next(3);
        var numbers = Enumerable.Range(_numbers + 1, Pick(1, 1, 2, 7)).ToList();
        _numbers = numbers[^1];
        var payload = MarkedPayload.Create(signal, numbers, _random.Next(Pick(20, 300, 2_000)), _time.GetUtcNow());
        _book.Added(signal, numbers);
        _ledger.Received((LedgerAccount)signal, payload.Records);
        _outbox.Add(payload);
        if (_depth == 0 && !_files.IsKilled)
            _check.AfterAdd(_outbox, _out.SelectMany(static request => request.Batch.Parts).Select(static part => part.Entry).Distinct());
    }

    private void Take()
    {
        var lane = _outbox.Lanes[_random.Next(_outbox.Lanes.Count)];
        _outbox.RefuseWaiting(lane);
        if (_outbox.Take(lane, isLastChance: _random.Next(4) == 0) is { } batch)
            Open(lane, batch);
    }

    private void Open(DeliveryLane lane, DeliveryBatch batch)
    {
        // Files are read at once here.
        var opened = _outbox.OpenAsync(lane, batch, CancellationToken.None).AsTask();
        ModelViolationException.Unless(opened.IsCompletedSuccessfully, "a file that can be read is read");
        if (opened.Result is not { } payload)
        {
            ModelViolationException.Unless(_check.IsDiskTouched || _files.IsKilled, "a file that nobody touched can be read");
            return;
        }

        var numbers = MarkedPayload.Read(payload.Body.Span);
        ModelViolationException.Unless(batch.Content.IsSplit || batch.Parts.Count == 1 || payload.Body.Length <= _options.MaxRequestBytes, "merged requests keep their limit");
        _book.Sent(lane.Index, payload, numbers);
        _out.Add(new(lane, batch, payload, numbers));
    }

    private void Answer()
    {
        if (_out.Count == 0)
            return;
        var at = _random.Next(_out.Count);
        DeliveryResult? result = _random.Next(12) switch
        {
            0 or 1 => new(DeliveryStatus.Retryable),
            2 => new(DeliveryStatus.Retryable, RetryAfter: TimeSpan.FromSeconds(_random.Next(60))),
            3 => new(DeliveryStatus.Refused, MayBeTooLargeOrPoisoned: true),
            4 => new(DeliveryStatus.Refused, MayBeTooLargeOrPoisoned: true, IsTooLarge: true),
            5 when _random.Next(2) == 0 => new(DeliveryStatus.Refused),
            6 => new(DeliveryStatus.Delivered, RejectedRecords: _random.Next(_out[at].Numbers.Count + 2)),
            7 => null,
            _ => new(DeliveryStatus.Delivered),
        };
        if (_random.Next(40) == 0)
            Postpone(at);
        else
            Answer(at, result);
    }

    private void Answer(int at, DeliveryResult? result)
    {
        var request = _out[at];
        _out.RemoveAt(at);
        _book.Answered(request.Lane.Index, request.Payload.Signal, request.Numbers, result);
        _outbox.Complete(request.Lane, request.Batch, request.Payload, result, countsAsFailure: result is not null || _random.Next(2) == 0, _random.NextDouble());
    }

    /// <summary>There is too little memory to make the request.</summary>
    private void Postpone(int at)
    {
        var request = _out[at];
        _out.RemoveAt(at);
        _book.Answered(request.Lane.Index, request.Payload.Signal, request.Numbers, null);
        _outbox.Postpone(request.Lane, request.Batch, _random.NextDouble());
    }

    /// <summary>Dead letters are begun, or the oldest that was begun is finished.</summary>
    private void Letters()
    {
        if (_letters.Count == 0)
        {
            _letters.AddRange(_outbox.TakeExpired(_random.Next(4_000)));
            return;
        }

        FinishLetter(isWritten: _random.Next(4) > 0);
    }

    private void FinishLetter(bool isWritten)
    {
        var entry = _letters[0];
        _letters.RemoveAt(0);
        var loading = _outbox.LoadAsync(entry, CancellationToken.None);
        ModelViolationException.Unless(loading.IsCompletedSuccessfully, "loading a file does not throw");
        if (!loading.Result)
        {
            ModelViolationException.Unless(_check.IsDiskTouched || _files.IsKilled, "a file that nobody touched can be loaded");
            return;
        }

        ModelViolationException.Unless(MarkedPayload.Read(entry.Payload.Body.Span).Count == entry.Records, "a dead letter has all records of its payload");
        if (isWritten)
            _check.Letters[(int)entry.Payload.Signal] += entry.Records;
        _outbox.Resolve(entry, isDeadLettered: isWritten);
    }

    /// <summary>Somebody else deletes everything, or changes a byte.</summary>
    private void Damage()
    {
        _check.IsDiskTouched = true;
        if (_random.Next(2) == 0)
        {
            _disk.Content.Clear();
            return;
        }

        foreach (var (name, content) in _disk.Content.ToList())
            if (content.Length > 0 && _random.Next(3) == 0)
                _disk.Content[name] = [.. content[..^1], (byte)(content[^1] ^ 1)];
    }

    private void Midway()
    {
        if (_depth > 0)
            return;
        _depth++;
        for (var left = _random.Next(ActionsInAWrite + 1); left > 0 && !_files.IsKilled; left--)
            Act();
        _depth--;
    }

    private int Pick(params ReadOnlySpan<int> values) => values[_random.Next(values.Length)];

    private void Note(string action)
    {
        _lastActions.Enqueue(_depth > 0 ? $"({action})" : action);
        if (_lastActions.Count > 20)
            _lastActions.Dequeue();
    }

    private sealed record Request(DeliveryLane Lane, DeliveryBatch Batch, OtlpPayload Payload, List<int> Numbers);
}
