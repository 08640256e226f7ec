using Google.Protobuf;

namespace LambdaSandbox.Backend;

/// <summary>One received request and its result. Everything except the answer is fixed when a script sees it.</summary>
public sealed class ReceivedRequest
{
    /// <summary>Starts at 1, in the order of arrival.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Identifies the TCP connection.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>Null when the path names no signal.</summary>
    public required OtlpSignal? Signal { get; init; }

    public required OtlpProtocol Protocol { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    /// <summary>Path and query as sent.</summary>
    public required string Target { get; init; }

    /// <summary>Names are case-insensitive; several values are joined by a comma.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>Bytes of the body as sent: compressed, gRPC frame included.</summary>
    public long WireSize { get; internal set; }

    public bool Compressed { get; internal set; }

    /// <summary>The body after decompression, without gRPC frame.</summary>
    public ReadOnlyMemory<byte> Body { get; internal set; }

    /// <summary>The Export*ServiceRequest; null when the body could not be read or decoded.</summary>
    public IMessage? Message { get; internal set; }

    /// <summary>Why the backend itself refuses this request. Null when it is valid.</summary>
    public string? Problem { get; internal set; }

    /// <summary>Rules of OTLP that the request breaks (<see cref="OtlpRules"/>). The backend accepts it anyway.</summary>
    public IReadOnlyList<string> BrokenRules { get; internal set; } = [];

    /// <summary>The number of spans, log records or data points.</summary>
    public long ItemCount { get; internal set; }

    /// <summary>How many of the items the backend accepted.</summary>
    public long AcceptedItems { get; internal set; }

    /// <summary>Null while there is no answer, and for good when a fault leaves the client without one.</summary>
    public int? HttpStatus { get; internal set; }

    /// <summary>Null also when the protocol is not gRPC.</summary>
    public int? GrpcStatus { get; internal set; }

    public override string ToString() =>
        $"#{Number} {Protocol} {Signal?.ToString() ?? Path}, {WireSize} bytes, {ItemCount} items, accepted {AcceptedItems}, "
        + $"HTTP {HttpStatus?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}"
        + (GrpcStatus is { } status ? $", gRPC {status}" : "") + (Problem is null ? "" : $", {Problem}");
}
