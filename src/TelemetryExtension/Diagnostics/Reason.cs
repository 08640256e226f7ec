using System.Net.Sockets;

namespace TelemetryExtension.Diagnostics;

/// <summary>
/// Why something failed, for people. This binary does not carry the framework's texts (UseSystemResourceKeys): where there should be one,
/// <see cref="Exception.Message"/> is a key such as "IO_FileNotFound_FileName, /tmp/x".
/// </summary>
internal static class Reason
{
    // What .NET puts into HResult on Unix is errno.
    private const int NoSpace = 28;
    private const int ReadOnly = 30;

    /// <summary>What the world outside did to us.</summary>
    public static string Of(Exception exception) => exception switch
    {
        UnauthorizedAccessException => "no permission",
        FileNotFoundException => "no such file",
        DirectoryNotFoundException => "no such directory",
        EndOfStreamException => "ends too early",
        { HResult: NoSpace } => "disk full",
        { HResult: ReadOnly } => "read-only file system",
        SocketException socket => socket.SocketErrorCode.ToString(),
        _ when !IsKey(exception.Message) => exception.Message,
        InvalidDataException => "damaged data",
        IOException => $"I/O error {exception.HResult}",
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http => http.HttpRequestError.ToString(),
        _ => exception.GetType().Name,
    };

    /// <summary>What may be a bug of ours: its type always, and its text if it has one.</summary>
    public static string OfBug(Exception exception) =>
        IsKey(exception.Message) ? exception.GetType().Name : $"{exception.GetType().Name}: {exception.Message}";

    /// <summary>A single word, or one before a comma: no text that somebody wrote for people looks like that.</summary>
    public static bool IsKey(string message)
    {
        var word = message.AsSpan(0, message.IndexOf(',', StringComparison.Ordinal) is >= 0 and var comma ? comma : message.Length);
        foreach (var character in word)
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('_' or '.'))
                return false;
        return true;
    }
}
