using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>
/// One keep-alive HTTP/1.1 connection to Lambda's local API, directly on a socket. Register is part of the customer's cold start, and HttpClient would
/// double its cost (measured: docs/decisions/0001). Supports only what that API uses: one request at a time, and bodies with Content-Length or chunks. Send
/// blocks, which is safe because a local send never waits. Only <see cref="ReceiveAsync"/> waits without a limit.
/// </summary>
internal sealed class RuntimeApiConnection : IDisposable
{
    private const int MaxResponseBytes = 1024 * 1024;
    private readonly string _host;
    private readonly int _port;
    private Socket? _socket;
    private byte[] _buffer = new byte[4096];

    /// <param name="runtimeApi">AWS_LAMBDA_RUNTIME_API: host:port without a scheme.</param>
    public RuntimeApiConnection(string runtimeApi)
    {
        var colon = runtimeApi.LastIndexOf(':');
        _host = colon < 0 ? runtimeApi : runtimeApi[..colon];
        _port = colon < 0 ? 80 : int.Parse(runtimeApi.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Completes when the socket can be read; what follows <see cref="ReceiveAsync"/> then runs where it completes. Null leaves waiting to .NET.
    /// </summary>
    public Func<Socket, ValueTask>? WhenReadable { get; set; }

    /// <summary>Sends one request. Connects first, also when the connection was closed.</summary>
    /// <param name="headers">Complete header lines, each ended by CRLF.</param>
    public void Send(string method, string path, string headers, string body)
    {
        if (_socket is not { Connected: true })
            Connect();
        var bodyLength = Encoding.UTF8.GetByteCount(body);
        var framing = bodyLength > 0 ? $"Content-Type: application/json\r\nContent-Length: {bodyLength}\r\n" : "";
        var request = Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\nHost: {_host}:{_port}\r\n{headers}{framing}\r\n{body}");
        for (var sent = 0; sent < request.Length;)
            sent += _socket!.Send(request.AsSpan(sent));
    }

    /// <summary>Reads the answer and blocks. For calls that Lambda answers at once.</summary>
    /// <param name="limit">The longest wait for the next bytes.</param>
    public RuntimeApiResponse Receive(TimeSpan limit)
    {
        Connected.ReceiveTimeout = limit == Timeout.InfiniteTimeSpan ? 0 : (int)limit.TotalMilliseconds;
        var length = 0;
        while (true)
        {
            if (TryParse(length, isEnd: false, out var response))
                return response;
            MakeRoom(length);
            var received = Connected.Receive(_buffer.AsSpan(length));
            if (received == 0)
                return AtEnd(length);
            length += received;
        }
    }

    /// <summary>Reads the answer, without a limit: Next may be answered after hours, and the process may be frozen meanwhile.</summary>
    public async ValueTask<RuntimeApiResponse> ReceiveAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            if (TryParse(length, isEnd: false, out var response))
                return response;
            MakeRoom(length);
            var received = await ReceiveSomeAsync(length, cancellationToken).ConfigureAwait(false);
            if (received == 0)
                return AtEnd(length);
            length += received;
        }
    }

    private async ValueTask<int> ReceiveSomeAsync(int length, CancellationToken cancellationToken)
    {
        if (WhenReadable is not { } readable)
            return await Connected.ReceiveAsync(_buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
        await readable(Connected).ConfigureAwait(false);
        return Connected.Receive(_buffer.AsSpan(length));
    }

    public void Dispose() => Close();

    private Socket Connected => _socket ?? throw new SocketException((int)SocketError.NotConnected);

    private void Connect()
    {
        Close();
        var isAddress = IPAddress.TryParse(_host, out var address);
        _socket = new Socket(address?.AddressFamily ?? AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (isAddress)
            _socket.Connect(address!, _port);
        else
            _socket.Connect(_host, _port);
    }

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private void MakeRoom(int length)
    {
        if (length == MaxResponseBytes)
            throw new InvalidDataException("the answer of the Lambda API is too large");
        if (length == _buffer.Length)
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 4, MaxResponseBytes));
    }

    /// <summary>Handles the end of the connection, which also ends an answer without a length.</summary>
    private RuntimeApiResponse AtEnd(int length)
    {
        Close();
        return TryParse(length, isEnd: true, out var response) ? response : throw new SocketException((int)SocketError.ConnectionReset);
    }

    private bool TryParse(int length, bool isEnd, out RuntimeApiResponse response)
    {
        response = default;
        var bytes = _buffer.AsSpan(0, length);
        var headEnd = bytes.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
            return false;
        var head = Encoding.Latin1.GetString(bytes[..headEnd]);
        var status = head.Length > 12 && int.TryParse(head.AsSpan(9, 3), out var code)
            ? code
            : throw new InvalidDataException("not an HTTP answer");
        var body = bytes[(headEnd + 4)..];
        byte[] content;
        if (Header(head, "Transfer-Encoding") is { } encoding && encoding.Contains("chunked", StringComparison.OrdinalIgnoreCase))
        {
            if (!TryJoinChunks(body, out content))
                return false;
        }
        else
        {
            // A body without a length ends with the connection, if the connection is going to close.
            var expected = Header(head, "Content-Length") is { } value ? ReadLength(value) : isEnd ? body.Length : Closes(head) ? int.MaxValue : 0;
            if (body.Length < expected)
                return false;
            content = body[..expected].ToArray();
        }

        if (Closes(head))
            Close();
        response = new(status, Header(head, "Lambda-Extension-Identifier"), content);
        return true;
    }

    private static bool Closes(string head) =>
        head.StartsWith("HTTP/1.0", StringComparison.Ordinal) || Header(head, "Connection")?.Equals("close", StringComparison.OrdinalIgnoreCase) == true;

    private static int ReadLength(string value) =>
        int.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var length)
            ? length
            : throw new InvalidDataException("invalid Content-Length in the answer of the Lambda API");

    private static string? Header(string head, string name)
    {
        foreach (var line in head.AsSpan().EnumerateLines())
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                return line[(name.Length + 1)..].Trim().ToString();
        return null;
    }

    private static bool TryJoinChunks(ReadOnlySpan<byte> body, out byte[] content)
    {
        content = [];
        using var joined = new MemoryStream();
        while (true)
        {
            var lineEnd = body.IndexOf("\r\n"u8);
            if (lineEnd < 0)
                return false;
            if (!Utf8Parser.TryParse(body[..lineEnd], out int size, out _, 'x') || size < 0)
                throw new InvalidDataException("invalid chunk size in the answer of the Lambda API");
            body = body[(lineEnd + 2)..];
            if (body.Length < size + 2)
                return false;
            if (size == 0)
            {
                content = joined.ToArray();
                return true;
            }

            joined.Write(body[..size]);
            body = body[(size + 2)..];
        }
    }
}
