using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Takes single records from the whole length of a refused batch, to send them before the rest. A few samples show whether a backend refuses everything or
/// only bad records. Halving shows that only after many requests.
/// </summary>
internal static class BatchSample
{
    /// <summary>Returns the samples, one batch each, and then one batch with the rest. Null when the batch has too few pieces.</summary>
    /// <param name="destination">The index of the destination that refused the batch.</param>
    public static DeliveryBatch[]? TryTake(DeliveryBatch batch, OtlpPayload sent, int destination, int samples)
    {
        if (Pieces(batch, sent) is not { } pieces)
            return null;
        while (pieces.Count < samples && pieces.Where(static piece => piece.Records > 1).MaxBy(static piece => piece.Records) is { } largest)
            if (!TryHalve(batch.Signal, pieces, largest))
                break;
        if (pieces.Count < samples)
            return null;

        var (taken, rest) = (new List<Piece>(), new List<Piece>());
        for (var i = 0; i < pieces.Count; i++)
        {
            // Take the first piece, the last, and pieces at equal distances between them.
            if (i == taken.Count * (pieces.Count - 1) / (samples - 1))
                taken.Add(Single(batch.Signal, pieces[i], rest, isFromEnd: taken.Count == samples - 1));
            else
                rest.Add(pieces[i]);
        }

        return ToBatches(batch, taken, rest, destination);
    }

    /// <summary>Returns the batch's parts with their bytes in the request. Null when the request does not match the parts.</summary>
    private static List<Piece>? Pieces(DeliveryBatch batch, OtlpPayload sent)
    {
        var pieces = new List<Piece>(batch.Parts.Count);
        var at = 0;
        foreach (var part in batch.Parts)
        {
            var length = part.Body?.Length ?? part.Entry.Size;
            if (length > sent.Body.Length - at)
                return null;
            pieces.Add(new(part.Entry, part.Records, sent.Body.Slice(at, length), part));
            at += length;
        }

        return at == sent.Body.Length ? pieces : null;
    }

    /// <summary>Returns false when the piece cannot be split.</summary>
    private static bool TryHalve(Signal signal, List<Piece> pieces, Piece piece)
    {
        if (Halves(signal, piece) is not var (first, second))
            return false;
        var at = pieces.IndexOf(piece);
        pieces[at] = first;
        pieces.Insert(at + 1, second);
        return true;
    }

    /// <summary>Splits one record, or the smallest possible piece, off a piece. The others join the rest.</summary>
    private static Piece Single(Signal signal, Piece piece, List<Piece> rest, bool isFromEnd)
    {
        while (Halves(signal, piece) is var (first, second))
        {
            rest.Add(isFromEnd ? first : second);
            piece = isFromEnd ? second : first;
        }

        return piece;
    }

    private static (Piece First, Piece Second)? Halves(Signal signal, Piece piece)
    {
        if (piece.Records <= 1 || OtlpSplit.TryHalve(signal, piece.Body) is not var (first, second))
            return null;
        var records = Math.Min(piece.Records, OtlpSplit.CountRecords(signal, first.Span));
        return (new(piece.Entry, records, first, null), new(piece.Entry, piece.Records - records, second, null));
    }

    private static DeliveryBatch[] ToBatches(DeliveryBatch batch, List<Piece> taken, List<Piece> rest, int destination)
    {
        // A piece of a merged request is a view that keeps the whole request in memory.
        var copies = batch.Parts.Count > 1;
        var batches = taken.ConvertAll(piece => new DeliveryBatch(batch.Signal, [piece.ToPart(copies)], batch.Content));
        if (rest.Count > 0)
            batches.Add(new(batch.Signal, rest.ConvertAll(piece => piece.ToPart(copies)), batch.Content));

        // This comes last, because everything before may run out of memory.
        batch.Content.Split();
        foreach (var group in taken.Concat(rest).Where(static piece => piece.Part is null).GroupBy(static piece => piece.Entry))
        {
            for (var more = group.Count() - 1; more > 0; more--)
                group.Key.Account.Split(destination);
        }

        return [.. batches];
    }

    /// <param name="Part">The original part. Null for a piece of a part.</param>
    private sealed record Piece(OutboxEntry Entry, int Records, ReadOnlyMemory<byte> Body, DeliveryPart? Part)
    {
        public DeliveryPart ToPart(bool copies) => Part ?? new(Entry, Records, copies ? Body.ToArray() : Body);
    }
}
