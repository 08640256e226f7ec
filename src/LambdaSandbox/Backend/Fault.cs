using System.Globalization;

namespace LambdaSandbox.Backend;

/// <summary>
/// A misbehaviour of the backend for one request. Every fault works with every protocol: what a protocol lacks becomes the nearest equivalent (RST_STREAM
/// on HTTP/1.1 resets the connection; a gRPC status over HTTP becomes the status that collectors use).
/// </summary>
public abstract record Fault
{
    private Fault()
    {
    }

    /// <summary>Accept and answer normally.</summary>
    public static Fault None { get; } = new Acceptance();

    /// <summary>The request stays unanswered until the client goes away or the backend stops.</summary>
    public static Fault HangBeforeHeaders { get; } = new Hang(BodyStarted: false);

    /// <summary>Sends the headers of a success and the first bytes of a body, then nothing.</summary>
    public static Fault HangMidBody { get; } = new Hang(BodyStarted: true);

    /// <summary>Sends a TCP RST instead of an answer.</summary>
    public static Fault Reset { get; } = new ConnectionReset();

    /// <summary>Sends the headers of a success that announce a body, then closes the connection in order (RST_STREAM on HTTP/2).</summary>
    public static Fault CloseAfterHeaders { get; } = new Truncation();

    /// <summary>Accepts, and announces that the connection takes no further requests: `Connection: close`, or GOAWAY after this stream.</summary>
    public static Fault LastOnConnection { get; } = new Acceptance { ClosesConnection = true };

    /// <summary>The delay before the answer.</summary>
    public TimeSpan Delay { get; private init; }

    /// <summary>Whether the backend keeps the data although the client does not learn it: the case that makes delivery at-least-once.</summary>
    public bool Taken { get; private init; }

    public static Fault Slow(TimeSpan delay) => None.After(delay);

    /// <summary>Answers with any HTTP status. For gRPC it is a proxy's answer, without a grpc-status.</summary>
    /// <param name="retryAfter">Sent as `Retry-After: seconds`, rounded up.</param>
    /// <param name="retryAt">Sent as `Retry-After: HTTP-date`.</param>
    /// <param name="body">Replaces the google.rpc.Status of a proper backend.</param>
    public static Fault Http(
        int status,
        string message = "",
        TimeSpan? retryAfter = null,
        DateTimeOffset? retryAt = null,
        IReadOnlyDictionary<string, string>? headers = null,
        byte[]? body = null)
    {
        var all = new Dictionary<string, string>(headers ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase);
        if (retryAfter is { } wait)
            all["Retry-After"] = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        else if (retryAt is { } time)
            all["Retry-After"] = time.ToString("R", CultureInfo.InvariantCulture);
        return new HttpAnswer(status, message, all, body);
    }

    /// <summary>Accepts all items except the first <paramref name="rejected"/>. 0 with a message is a warning.</summary>
    public static Fault PartialSuccess(long rejected, string message) => new Acceptance { Rejected = rejected, Message = message };

    /// <param name="retryDelay">Adds a google.rpc.RetryInfo to the details.</param>
    /// <param name="trailersOnly">False sends headers first and the status in trailers after them.</param>
    public static Fault Grpc(int status, string message = "", TimeSpan? retryDelay = null, bool trailersOnly = true) =>
        new GrpcAnswer(status, message, retryDelay, trailersOnly);

    /// <summary>Sends RST_STREAM. The default code REFUSED_STREAM means that nothing was processed.</summary>
    public static Fault ResetStream(int errorCode = 7) => new StreamReset(errorCode);

    /// <summary>Sends GOAWAY with the previous stream as the last one, then closes the connection: nothing was processed.</summary>
    public static Fault GoAway(int errorCode = 0) => new ConnectionGoAway(errorCode);

    public Fault After(TimeSpan delay) => this with { Delay = delay };

    public Fault ButTaken() => this with { Taken = true };

    internal sealed record Acceptance : Fault
    {
        public long Rejected { get; init; }

        public string Message { get; init; } = "";

        public bool ClosesConnection { get; init; }
    }

    internal sealed record HttpAnswer(int Status, string Message, IReadOnlyDictionary<string, string> Headers, byte[]? Body) : Fault;

    internal sealed record GrpcAnswer(int Status, string Message, TimeSpan? RetryDelay, bool TrailersOnly) : Fault;

    internal sealed record Hang(bool BodyStarted) : Fault;

    internal sealed record ConnectionReset : Fault;

    internal sealed record Truncation : Fault;

    internal sealed record StreamReset(int ErrorCode) : Fault;

    internal sealed record ConnectionGoAway(int ErrorCode) : Fault;
}
