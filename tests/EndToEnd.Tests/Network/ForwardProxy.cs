using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EndToEnd.Tests.Network;

/// <summary>An HTTP proxy on loopback. It connects every host name to one backend, so names need not exist.</summary>
internal sealed class ForwardProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _backend;
    private readonly string? _authorization;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private readonly ConcurrentQueue<string> _heads = new();

    /// <param name="credentials">"user:password". A request without them gets 407.</param>
    public ForwardProxy(string backendUrl, string? credentials = null, int port = 0)
    {
        _backend = new(IPAddress.Loopback, new Uri(backendUrl).Port);
        _authorization = credentials is null ? null : "Proxy-Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials));
        _listener = new(IPAddress.Loopback, port);
        _listener.Start();
        var receiver = new Receiver("the proxy", IsAws: false, $"http://127.0.0.1:{Port}");
        Exits.OfThisTest.Watch(() => _heads.SelectMany(head => Seen(receiver, head)));
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The first line of each request: "POST http://host/path HTTP/1.1" or "CONNECT host:port HTTP/1.1".</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptSocketAsync(_end.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using var client = new NetworkStream(socket, ownsSocket: true);
            while (await HeadAsync(client) is { } head)
            {
                Requests.Enqueue(head[..head.IndexOf('\r', StringComparison.Ordinal)]);
                _heads.Enqueue(head);
                if (_authorization is not null && !head.Contains(_authorization, StringComparison.OrdinalIgnoreCase))
                {
                    await SkipBodyAsync(client, head);
                    await client.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), _end.Token);
                    continue;
                }

                // Send small frames without waiting for an acknowledgement: 40 ms would use up the flush's budget.
                socket.NoDelay = true;
                using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await server.ConnectAsync(_backend, _end.Token);
                await using var upstream = new NetworkStream(server);
                if (head.StartsWith("CONNECT ", StringComparison.Ordinal))
                    await client.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), _end.Token);
                else
                    await upstream.WriteAsync(Encoding.ASCII.GetBytes(ForServer(head)), _end.Token);
                await Task.WhenAny(client.CopyToAsync(upstream, _end.Token), upstream.CopyToAsync(client, _end.Token));
                return;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
        {
            // One side is gone.
        }
    }

    /// <summary>Without what is for the proxy.</summary>
    private static string ForServer(string head) =>
        string.Join("\r\n", head.Split("\r\n").Where(static line => !line.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase)));

    /// <summary>What is for the proxy itself. It sees the other headers only where it passes them on, where the server reports them.</summary>
    private static IEnumerable<Departure> Seen(Receiver receiver, string head)
    {
        var lines = head.Split("\r\n");
        yield return new(receiver, "line", Encoding.ASCII.GetBytes(lines[0]));
        var isTunnel = lines[0].StartsWith("CONNECT ", StringComparison.Ordinal);
        foreach (var line in lines.Skip(1).Where(line => isTunnel || line.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase)))
            yield return new(receiver, $"header {line.Split(':')[0].ToLowerInvariant()}", Encoding.ASCII.GetBytes(line));
    }

    private async Task<string?> HeadAsync(NetworkStream client)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await client.ReadAsync(one, _end.Token) == 0)
                return null;
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private async Task SkipBodyAsync(NetworkStream client, string head)
    {
        var length = head.Split("\r\n").FirstOrDefault(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        if (length is not null)
            await client.ReadExactlyAsync(new byte[int.Parse(length.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)], _end.Token);
    }
}
