using System.Net.Sockets;

namespace TelemetryExtension.Diagnostics;

/// <summary>
/// Describes for people why something failed. This binary omits the framework's texts (UseSystemResourceKeys), so <see cref="Exception.Message"/> is
/// a key such as "IO_FileNotFound_FileName, /tmp/x".
/// </summary>
internal static class Reason
{
    // On Unix .NET stores errno in HResult.
    private const int NoSpace = 28;
    private const int ReadOnly = 30;

    /// <summary>For failures with an outside cause.</summary>
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

    /// <summary>For failures that may be a bug of ours: always the type, and the text if there is one.</summary>
    public static string OfBug(Exception exception) =>
        IsKey(exception.Message) ? exception.GetType().Name : $"{exception.GetType().Name}: {exception.Message}";

    /// <summary>Whether the message is a resource key: a single word, or one before a comma. A text for people never looks like that.</summary>
    public static bool IsKey(string message)
    {
        var word = message.AsSpan(0, message.IndexOf(',', StringComparison.Ordinal) is >= 0 and var comma ? comma : message.Length);
        foreach (var character in word)
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('_' or '.'))
                return false;
        return true;
    }
}
