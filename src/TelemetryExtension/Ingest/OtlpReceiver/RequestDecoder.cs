using TelemetryExtension.Buffering;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>How a request is encoded.</summary>
internal readonly record struct RequestEncoding(bool Json, bool Gzip);

/// <param name="Records">Spans, data points or log records. At least 1 when the request is refused.</param>
/// <param name="Problem">The error in a bad request.</param>
internal readonly record struct DecodedRequest(BodyStatus Status, int Records = 1, string Problem = "");

/// <summary>
/// Converts a request into an Export*ServiceRequest that every backend accepts: decompresses, converts JSON, validates and repairs. A valid request is only
/// checked, not copied.
/// </summary>
internal sealed class RequestDecoder(int maxBytes)
{
    /// <param name="body">Replaced by the decoded bytes. The caller owns the reference before and after.</param>
    /// <param name="lease">The lease that buffers are charged to before they are rented.</param>
    public DecodedRequest Decode(Signal signal, RequestEncoding encoding, ByteLease lease, ref PooledBody body)
    {
        if (encoding.Gzip)
        {
            var status = Gzip.TryDecompress(body.Memory, maxBytes, lease, out var plain);
            if (plain is null)
                return new(status, Problem: "the body is not valid gzip");
            Replace(ref body, plain, lease);
        }

        if (encoding.Json && ConvertJson(signal, lease, ref body) is { Status: not BodyStatus.Complete } refused)
            return refused;
        var check = OtlpRequestValidator.Check(signal, body.Span);
        if (check.Problem is not null)
            return new(BodyStatus.BadRequest, check.Records, check.Problem);
        return new(check.NeedsRepair ? Repair(signal, lease, ref body) : BodyStatus.Complete, check.Records);
    }

    private DecodedRequest ConvertJson(Signal signal, ByteLease lease, ref PooledBody body)
    {
        if (lease.Take(RewriteCost(body)) is not BodyStatus.Complete and var noRoom)
            return new(noRoom);
        using var writer = new OtlpWriter(body.Length);
        if (OtlpJsonConverter.Convert(signal, body.Span, writer) is { } problem)
            return new(BodyStatus.BadRequest, OtlpJsonConverter.CountRecords(body.Span), problem);
        return new(TryReplace(writer, lease, ref body));
    }

    private BodyStatus Repair(Signal signal, ByteLease lease, ref PooledBody body)
    {
        if (lease.Take(RewriteCost(body)) is not BodyStatus.Complete and var noRoom)
            return noRoom;
        using var writer = new OtlpWriter(body.Length + 64);
        OtlpRepair.Write(writer, signal, body.Span);
        return TryReplace(writer, lease, ref body);
    }

    /// <summary>The cost of the writer's buffer and of the copy that leaves it. Only repaired text makes a request longer.</summary>
    private static long RewriteCost(PooledBody body) => 2 * ByteLease.CostOf(body.Length);

    private BodyStatus TryReplace(OtlpWriter writer, ByteLease lease, ref PooledBody body)
    {
        if (writer.Position > maxBytes)
            return BodyStatus.TooLarge;
        var grown = 2 * (ByteLease.CostOf(writer.Position) - ByteLease.CostOf(body.Length));
        if (grown > 0 && lease.Take(grown) is not BodyStatus.Complete and var noRoom)
            return noRoom;
        var rewritten = PooledBody.Allocate(writer.Position);
        writer.Written.CopyTo(rewritten.Span);
        Replace(ref body, rewritten, lease);
        return BodyStatus.Complete;
    }

    private static void Replace(ref PooledBody body, PooledBody by, ByteLease lease)
    {
        lease.Return(ByteLease.CostOf(body.Capacity));
        body.Release();
        body = by;
    }
}
