using System.Globalization;
using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Classifies an OTLP/gRPC answer (OTLP specification, OTLP/gRPC response; gRPC over HTTP/2). A pure function of the answer.</summary>
internal static class GrpcResponse
{
    private const int BadRequest = 400;
    private const int TooLarge = 413;
    private const int Ok = 0;
    private const int InvalidArgument = 3;
    private const int PermissionDenied = 7;
    private const int ResourceExhausted = 8;
    private const int OutOfRange = 11;
    private const int Unauthenticated = 16;

    /// <summary>Phrases for "too large" in the common implementations (C, Go, Node, Java, .NET, and Rust with OUT_OF_RANGE).</summary>
    private static readonly string[] SizeWords = ["larger than", "too large", "exceeds maximum", "exceeds the maximum"];

    private static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <param name="grpcStatus">The grpc-status header or trailer. Null when there is none, as in a proxy's answer.</param>
    /// <param name="grpcMessage">Percent-encoded.</param>
    /// <param name="detailsBin">grpc-status-details-bin: a google.rpc.Status in base64, with or without padding.</param>
    /// <param name="message">The response message, without its frame.</param>
    public static DeliveryResult Classify(string? grpcStatus, int httpStatus, string? grpcMessage, string? detailsBin, ReadOnlySpan<byte> message)
    {
        var code = int.TryParse(grpcStatus, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : FromHttp(httpStatus);
        if (code == Ok)
        {
            // The protocol is certainly gRPC, so the frame contains protobuf, readable or not.
            var response = ExportResponse.Read(message, "application/x-protobuf");
            return response.Kind == ExportResponseKind.Response
                ? new(DeliveryStatus.Delivered, response.Rejected, response.Message)
                : new(DeliveryStatus.Delivered, 0, "the answer is not an OTLP response");
        }

        var said = grpcMessage is null ? null : Printable.Line(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(grpcMessage)));
        var name = code < Names.Length ? Names[code] : code.ToString(CultureInfo.InvariantCulture);
        var text = $"gRPC {name}{(grpcStatus is null ? $" (HTTP {httpStatus.ToString(CultureInfo.InvariantCulture)})" : "")}{(said is null ? "" : ": " + said)}";
        var retryInfo = RetryInfo(detailsBin);

        var isTooLarge = grpcStatus is null
            ? httpStatus == TooLarge
            : code is ResourceExhausted or OutOfRange && retryInfo is null && MentionsSize(said);

        // The codes are CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE and DATA_LOSS. RESOURCE_EXHAUSTED counts only when the server
        // says when it will be over.
        if (!isTooLarge && (code is 1 or 4 or 10 or OutOfRange or 14 or 15 || (code == ResourceExhausted && retryInfo is not null)))
            return new(DeliveryStatus.Retryable, 0, text, retryInfo);
        return new(
            DeliveryStatus.Refused,
            0,
            text,
            MayBeTooLargeOrPoisoned: isTooLarge || code == InvalidArgument || (grpcStatus is null && httpStatus == BadRequest),
            IsTooLarge: isTooLarge,
            IsAboutTemporality: RefusalAdvice.MentionsTemporality(text),
            IsAboutKey: code is PermissionDenied or Unauthenticated);
    }

    /// <summary>
    /// gRPC servers use RESOURCE_EXHAUSTED both for a message that is too large and for an exhausted quota or memory, which smaller requests would only
    /// make worse. Only the text tells them apart.
    /// </summary>
    private static bool MentionsSize(string? message) =>
        message is not null && SizeWords.Any(words => message.Contains(words, StringComparison.OrdinalIgnoreCase));

    /// <summary>The delay in the google.rpc.RetryInfo among the details. Zero when it names none, null when there is no RetryInfo.</summary>
    public static TimeSpan? RetryInfo(string? detailsBin)
    {
        if (detailsBin is null || Decode(detailsBin) is not { } status)
            return null;
        var reader = new ProtobufReader(status);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == 3 && type == WireType.LengthDelimited && reader.TryReadBytes(out var any))
            {
                if (DelayOf(any) is { } delay)
                    return delay;
            }
            else
            {
                reader.TrySkip(type);
            }
        }

        return null;
    }

    /// <summary>Any { 1 type_url, 2 value: RetryInfo { 1 retry_delay: Duration { 1 seconds, 2 nanos } } }.</summary>
    private static TimeSpan? DelayOf(ReadOnlySpan<byte> any)
    {
        var isRetryInfo = false;
        ReadOnlySpan<byte> value = default;
        var reader = new ProtobufReader(any);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (type != WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (!reader.TryReadBytes(out var bytes))
                break;
            else if (field == 1)
                isRetryInfo = bytes.EndsWith("/google.rpc.RetryInfo"u8);
            else if (field == 2)
                value = bytes;
        }

        if (!isRetryInfo)
            return null;
        var info = new ProtobufReader(value);
        long seconds = 0, nanos = 0;
        if (info.TryReadTag(out var delayField, out var delayType) && delayField == 1 && delayType == WireType.LengthDelimited && info.TryReadBytes(out var duration))
        {
            var fields = new ProtobufReader(duration);
            while (fields.TryReadTag(out var field, out var type))
            {
                if (type == WireType.Varint && fields.TryReadVarint(out var number))
                    (seconds, nanos) = field == 1 ? ((long)number, nanos) : field == 2 ? (seconds, (int)number) : (seconds, nanos);
                else if (type != WireType.Varint)
                    fields.TrySkip(type);
            }
        }

        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 86_400)) + TimeSpan.FromTicks(Math.Clamp(nanos, 0, 999_999_999) / 100);
    }

    /// <summary>
    /// The gRPC code for a plain HTTP answer, for example from a proxy ("HTTP to gRPC Status Code Mapping"). The mapping has no code for 413 and makes 400
    /// an internal error. Still, whether such a refusal is about the content is decided by the HTTP status, as over OTLP/HTTP: the code is for callers that
    /// cannot send less, while a proxy's body limit would cost everything that was merged into the request.
    /// </summary>
    private static int FromHttp(int status) => status switch
    {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 or 502 or 503 or 504 => 14,
        _ => 2,
    };

    private static byte[]? Decode(string base64)
    {
        var padded = base64.TrimEnd('=');
        padded = padded.PadRight((padded.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out var length) ? bytes[..length] : null;
    }
}
