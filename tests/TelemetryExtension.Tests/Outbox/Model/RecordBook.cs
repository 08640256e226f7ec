using System.Runtime.InteropServices;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Outbox.Model;

/// <summary>
/// The model of the outbox, in the eyes of the destinations: what was added, and what each destination was sent and has answered. One generation of
/// the environment has one.
/// </summary>
internal sealed class RecordBook(int destinations)
{
    private readonly Dictionary<int, Entry> _records = [];
    private readonly Dictionary<string, int> _contentOf = [];
    private readonly int[,] _lastFresh = new int[destinations, 3];
    private readonly int[] _received = new int[3];
    private readonly int[,] _taken = new int[destinations, 3];
    private readonly int[,] _rejected = new int[destinations, 3];

    /// <summary>What one destination knows of a record.</summary>
    private enum State : byte
    {
        Unknown,
        Out,
        Open,
        Final,
    }

    public int Received(Signal signal) => _received[(int)signal];

    public int Taken(Signal signal, int destination) => _taken[destination, (int)signal];

    public int Rejected(Signal signal) => Enumerable.Range(0, destinations).Sum(destination => _rejected[destination, (int)signal]);

    public void Added(Signal signal, IEnumerable<int> numbers)
    {
        foreach (var number in numbers)
        {
            _received[(int)signal]++;
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_records, number, out var exists);
            // A killed process may have left a record in two files: it may be sent twice.
            entry = new(signal, new State[destinations], IsAmbiguous: exists);
        }
    }

    /// <summary>What an earlier generation left; its order is that of the files.</summary>
    /// <param name="isPending">By destination; the others had taken it before.</param>
    public void Recovered(Signal signal, List<int> numbers, bool[] isPending)
    {
        Added(signal, numbers);
        for (var destination = 0; destination < destinations; destination++)
            _taken[destination, (int)signal] += isPending[destination] ? 0 : numbers.Count;
        foreach (var number in numbers)
            _records[number] = _records[number] with { IsRecovered = true };
    }

    /// <summary>A request is made of these records.</summary>
    public void Sent(int destination, OtlpPayload request, IReadOnlyList<int> numbers)
    {
        ModelViolationException.Unless(numbers.Count == request.Records, "a request says how many records it has");
        var content = HashOf(request.Body.Span);
        ModelViolationException.Unless(_contentOf.TryAdd(request.BatchId, content) || _contentOf[request.BatchId] == content, "one batch id means the same bytes");
        foreach (var number in numbers)
        {
            ModelViolationException.Unless(_records.TryGetValue(number, out var record), "only what was added is sent");
            ModelViolationException.Unless(record.Signal == request.Signal, "a request has one signal");
            if (record.IsAmbiguous)
                continue;
            ref var state = ref record.States[destination];
            ModelViolationException.Unless(state != State.Out, "no record is in two requests to one destination at the same time");
            ModelViolationException.Unless(state != State.Final, "what a destination has decided about is not sent to it again");
            if (state == State.Unknown && !record.IsRecovered)
            {
                ref var last = ref _lastFresh[destination, (int)record.Signal];
                ModelViolationException.Unless(number > last, "what was never tried goes in order of arrival");
                last = number;
            }

            state = State.Out;
        }
    }

    /// <summary>A destination has answered; null means it did not.</summary>
    public void Answered(int destination, Signal signal, IReadOnlyList<int> numbers, DeliveryResult? result)
    {
        var isFinal = result is { Status: DeliveryStatus.Delivered }
            || (result is { Status: DeliveryStatus.Refused } refused && (!refused.MayBeTooLargeOrPoisoned || numbers.Count == 1));
        foreach (var number in numbers)
            _records[number].States[destination] = isFinal ? State.Final : State.Open;
        if (result is not { Status: DeliveryStatus.Delivered } delivered)
            return;
        var rejected = Math.Min(delivered.RejectedRecords, numbers.Count);
        _rejected[destination, (int)signal] += rejected;
        _taken[destination, (int)signal] += numbers.Count - rejected;
    }

    private static int HashOf(ReadOnlySpan<byte> body)
    {
        var hash = new HashCode();
        hash.AddBytes(body);
        return hash.ToHashCode();
    }

    private readonly record struct Entry(Signal Signal, State[] States, bool IsAmbiguous = false, bool IsRecovered = false);
}
