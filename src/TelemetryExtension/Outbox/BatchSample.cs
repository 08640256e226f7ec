using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Takes single records from all over a refused batch, to be sent before the rest. A few of them tell whether a backend refuses everything or
/// a bad record; halves tell that only after many requests.
/// </summary>
internal static class BatchSample
{
    /// <summary>The samples, one batch each, and then one batch of all that is left. Null when the batch has too few pieces for that.</summary>
    /// <param name="destination">Which refused it.</param>
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
            // The first piece, the last, and those at equal distances between them.
            if (i == taken.Count * (pieces.Count - 1) / (samples - 1))
                taken.Add(Single(batch.Signal, pieces[i], rest, isFromEnd: taken.Count == samples - 1));
            else
                rest.Add(pieces[i]);
        }

        return ToBatches(batch, taken, rest, destination);
    }

    /// <summary>The batch's parts with their bytes in the request. Null when the request is not what the parts say.</summary>
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

    /// <summary>False when it cannot be cut.</summary>
    private static bool TryHalve(Signal signal, List<Piece> pieces, Piece piece)
    {
        if (Halves(signal, piece) is not var (first, second))
            return false;
        var at = pieces.IndexOf(piece);
        pieces[at] = first;
        pieces.Insert(at + 1, second);
        return true;
    }

    /// <summary>One record of a piece, or the least that can be cut off; the others go to the rest.</summary>
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
        // A piece of a merged request is a view of all of it, which would stay in memory with the piece.
        var copies = batch.Parts.Count > 1;
        var batches = taken.ConvertAll(piece => new DeliveryBatch(batch.Signal, [piece.ToPart(copies)], batch.Content));
        if (rest.Count > 0)
            batches.Add(new(batch.Signal, rest.ConvertAll(piece => piece.ToPart(copies)), batch.Content));

        // Last, because everything before may fail for want of memory.
        batch.Content.Split();
        foreach (var group in taken.Concat(rest).Where(static piece => piece.Part is null).GroupBy(static piece => piece.Entry))
        {
            for (var more = group.Count() - 1; more > 0; more--)
                group.Key.Account.Split(destination);
        }

        return [.. batches];
    }

    /// <param name="Part">Null for what was cut off.</param>
    private sealed record Piece(OutboxEntry Entry, int Records, ReadOnlyMemory<byte> Body, DeliveryPart? Part)
    {
        public DeliveryPart ToPart(bool copies) => Part ?? new(Entry, Records, copies ? Body.ToArray() : Body);
    }
}
