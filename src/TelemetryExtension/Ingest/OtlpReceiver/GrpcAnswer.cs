using System.Globalization;
using System.Text;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>Answers failed gRPC calls as "trailers-only": the status is in the response's only headers.</summary>
internal static class GrpcAnswer
{
    /// <param name="retryAfter">Adds a RetryInfo, with which OTLP servers throttle.</param>
    public static void Fail(HttpExchange exchange, RpcCode code, string message, TimeSpan? retryAfter = null)
    {
        exchange.ResponseHeaders["grpc-status"] = ((int)code).ToString(CultureInfo.InvariantCulture);
        exchange.ResponseHeaders["grpc-message"] = PercentEncode(message);
        if (retryAfter is not null)
            exchange.ResponseHeaders["grpc-status-details-bin"] = Convert.ToBase64String(RpcStatus.Protobuf(code, message, retryAfter));
    }

    /// <summary>Keeps printable ASCII except '%' (gRPC over HTTP/2, "Status-Message").</summary>
    private static string PercentEncode(string message)
    {
        var text = new StringBuilder(message.Length);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%')
                text.Append((char)b);
            else
                text.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
