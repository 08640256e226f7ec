using System.Text;

namespace TelemetryExtension.Ingest.Http;

/// <summary>Answers without a body, as they go over the wire.</summary>
internal static class Answers
{
    /// <summary>Asks for the body.</summary>
    public static readonly byte[] Continue = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();

    private static readonly byte[] Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    /// <param name="isLast">The connection takes no further request.</param>
    public static byte[] Of(int status, bool isLast) =>
        status == 200 && !isLast ? Ok : Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {Reason(status)}\r\nContent-Length: 0\r\n{(isLast ? "Connection: close\r\n" : "")}\r\n");

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        400 => "Bad Request",
        408 => "Request Timeout",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    };
}
