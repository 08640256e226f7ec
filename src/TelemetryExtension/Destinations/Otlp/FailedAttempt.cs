using System.Net.Sockets;
using System.Security.Authentication;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Network;
using TelemetryExtension.Network.Tls;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Classifies an attempt that ended in an exception. There was no answer, so the extension may retry.</summary>
internal static class FailedAttempt
{
    /// <exception cref="OperationCanceledException">The outer token was cancelled.</exception>
    public static DeliveryResult Of(Exception exception, AttemptTimeout timeout, CancellationToken outer)
    {
        // The cancellation tears down the connection, which can surface as an I/O error. For the caller it is the cancellation.
        if (outer.IsCancellationRequested)
            throw new OperationCanceledException("The attempt was cancelled.", exception, outer);
        if (timeout.IsExpired)
            return new(DeliveryStatus.Retryable, 0, "no answer in time", IsUnanswered: true);
        if (exception is PemException)
            return new(DeliveryStatus.Retryable, 0, exception.Message);
        var innermost = exception;
        while (innermost is not (SocketException or AuthenticationException) && innermost.InnerException is { } inner)
            innermost = inner;
        // Use the network's own words for its errors, because the name of an exception looks like a bug in the extension.
        var kind = exception switch
        {
            HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http => http.HttpRequestError.ToString(),
            HttpIOException io => io.HttpRequestError.ToString(),
            _ when innermost is SocketException or IOException => "ConnectionLost",
            _ => exception.GetType().Name,
        };
        var detail = innermost is SocketException socket ? socket.SocketErrorCode.ToString() : innermost.Message;
        return new(DeliveryStatus.Retryable, 0, innermost is not SocketException && Reason.IsKey(detail) ? kind : $"{kind}: {detail}");
    }
}
