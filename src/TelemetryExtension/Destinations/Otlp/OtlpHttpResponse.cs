using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Classifies an OTLP/HTTP answer (OTLP specification, OTLP/HTTP response). A pure function of the answer.</summary>
internal static class OtlpHttpResponse
{
    public static DeliveryResult Classify(in HttpAnswer answer, DateTimeOffset now)
    {
        var body = AnswerBody.Decode(answer.Body, answer.ContentEncoding);
        if (answer.Status is >= 200 and < 300)
            return body is null ? Unexpected($" (encoded as {answer.ContentEncoding})", null) : Success(answer, ExportResponse.Read(body, answer.ContentType));
        var text = $"HTTP {answer.Status.ToString(CultureInfo.InvariantCulture)}";
        if (answer.Status is >= 300 and < 400 && Redirect(answer.Location) is { } redirect)
            text += redirect;
        else if (MessageOf(body, answer.ContentType) is { } said)
            text += ": " + said;
        return answer.Status is 429 or 502 or 503 or 504
            ? new(DeliveryStatus.Retryable, 0, text, RetryAfter(answer.RetryAfter, now))
            : new(
                DeliveryStatus.Refused, 0, text, MayBeTooLargeOrPoisoned: answer.Status is 400 or 413, IsTooLarge: answer.Status is 413,
                IsAboutTemporality: RefusalAdvice.MentionsTemporality(body), IsAboutKey: answer.Status is 401 or 403);
    }

    /// <summary>
    /// A success status is final, whatever the body says, except with a web page: that comes from a login, a proxy or a server on the wrong port, and the
    /// telemetry was not stored. It counts as refused, not as retryable, so that dead letters can be replayed to the right address.
    /// </summary>
    private static DeliveryResult Success(in HttpAnswer answer, ExportResponse response)
    {
        var isHtml = answer.ContentType?.Contains("html", StringComparison.OrdinalIgnoreCase) == true;
        return response.Kind switch
        {
            ExportResponseKind.Page => new(
                DeliveryStatus.Refused, 0,
                $"HTTP {answer.Status.ToString(CultureInfo.InvariantCulture)} with a web page{Of(answer.ContentType)}{Quoted(response.Message)}: this is not an OTLP endpoint"),
            ExportResponseKind.Other => Unexpected(Of(answer.ContentType), response.Message),
            // The body is empty, but a sender of HTML may not have stored anything.
            _ when response == default && isHtml => Unexpected(Of(answer.ContentType), null),
            _ => new(DeliveryStatus.Delivered, response.Rejected, response.Message),
        };
    }

    private static DeliveryResult Unexpected(string which, string? said) =>
        new(DeliveryStatus.Delivered, 0, $"the answer is not an OTLP response{which}{(said is null ? "" : ": " + said)}");

    private static string Of(string? contentType) => contentType is null ? "" : $" ({contentType})";

    private static string Quoted(string? title) => title is null ? "" : $" '{title}'";

    /// <summary>The message in a refusal's body: google.rpc.Status in protobuf, text, JSON, or the title of a page.</summary>
    private static string? MessageOf(byte[]? body, string? contentType)
    {
        if (body is null)
            return null;
        if (contentType?.Contains("protobuf", StringComparison.OrdinalIgnoreCase) == true && StatusMessage(body) is { } message)
            return message;
        var text = body.AsSpan().TrimStart(" \t\r\n"u8);
        return text.StartsWith("<"u8) && ExportResponse.Read(text, contentType) is { Kind: ExportResponseKind.Page, Message: { } title } ? title : Printable.Line(text);
    }

    /// <summary>Names the target of a redirect. The extension does not follow redirects, because that would send credentials elsewhere.</summary>
    public static string? Redirect(string? location)
    {
        if (location is null)
            return null;
        if (WithoutSecrets(location) is not { } target)
            return " redirects to an address that may contain a password, so it is not shown here, and not followed";
        return Printable.Line(Encoding.UTF8.GetBytes(target)) is { } text ? $" redirects to {text}, which is not followed: set it as the endpoint" : null;
    }

    /// <summary>
    /// The address without user info, query and fragment. Null when it is malformed and contains an @: then a parser cannot tell where the user info ends.
    /// </summary>
    private static string? WithoutSecrets(string location)
    {
        if (Uri.TryCreate(location, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps))
            return url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        var end = location.AsSpan().IndexOfAny('?', '#');
        var beforeQuery = end < 0 ? location : location[..end];
        // Only a path has its query where the first ? is. Elsewhere the ? may be a part of a password.
        var isPath = location.StartsWith('/') && !location.StartsWith("//", StringComparison.Ordinal);
        return (isPath ? beforeQuery : location).Contains('@', StringComparison.Ordinal) ? null : beforeQuery;
    }

    /// <summary>google.rpc.Status { 1 code, 2 message }.</summary>
    public static string? StatusMessage(ReadOnlySpan<byte> status)
    {
        var reader = new ProtobufReader(status);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == 2 && type == WireType.LengthDelimited && reader.TryReadBytes(out var text))
                return Printable.Line(text);
            reader.TrySkip(type);
        }

        return null;
    }

    public static TimeSpan? RetryAfter(string? header, DateTimeOffset now)
    {
        if (header is null || !RetryConditionHeaderValue.TryParse(header, out var value))
            return null;
        var delay = value.Delta ?? value.Date - now;
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }
}
