using System.Net.Sockets;
using System.Text;

namespace LambdaSandbox.Tests.Backend;

/// <summary>One connection without an HTTP client, to see the real bytes on the wire.</summary>
internal sealed class RawHttp(Socket socket) : IDisposable
{
    public static async Task<RawHttp> PostAsync(string url, byte[] body, int? contentLength = null)
    {
        var target = new Uri(url);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(target.Host, target.Port, TestContext.Current.CancellationToken);
        var head = $"POST {target.AbsolutePath} HTTP/1.1\r\nHost: {target.Authority}\r\nContent-Type: application/x-protobuf\r\n"
            + $"Content-Length: {contentLength ?? body.Length}\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        await socket.SendAsync(body, TestContext.Current.CancellationToken);
        return new(socket);
    }

    /// <summary>Reads everything until the end of the connection, as text.</summary>
    /// <exception cref="SocketException">The connection was reset.</exception>
    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        while (await ReadAsync() is { Length: > 0 } part)
            text.Append(part);
        return text.ToString();
    }

    /// <summary>Reads what is available next. Empty at the end of the connection.</summary>
    public async Task<string> ReadAsync()
    {
        var buffer = new byte[4096];
        var count = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        return Encoding.Latin1.GetString(buffer, 0, count);
    }

    public Task<int> SendAsync(byte[] bytes) => socket.SendAsync(bytes, TestContext.Current.CancellationToken).AsTask();

    public void Dispose() => socket.Dispose();
}
