namespace TelemetryExtension.Processing.Spans;

/// <summary>What one flush of this extension did, for its span.</summary>
/// <param name="Why">The reason, as in the log.</param>
/// <param name="Outcome">complete, incomplete or cut_off.</param>
/// <param name="Bytes">Uncompressed, of the requests that a destination took.</param>
/// <param name="Batches">Their ids, as backends see them in the header; only the first ones.</param>
internal sealed record FlushFacts(
    string Why, string Strategy, TimeSpan Budget, TimeSpan Took, string Outcome, long Bytes, int LeftPayloads, IReadOnlyList<string> Batches)
{
    /// <summary>A flush that had nothing to do has no span.</summary>
    public bool DidSomething => Bytes > 0 || LeftPayloads > 0;
}
