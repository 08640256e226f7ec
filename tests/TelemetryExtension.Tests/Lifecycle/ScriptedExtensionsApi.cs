using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>Lambda's side of Next on a socket: records each call with the test's clock, and answers when the test decides.</summary>
internal sealed class ScriptedExtensionsApi : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<TimeSpan> _asked = Channel.CreateUnbounded<TimeSpan>();
    private readonly Channel<string> _answers = Channel.CreateUnbounded<string>();
    private readonly TimeProvider _time;
    private int _calls;

    public ScriptedExtensionsApi(TimeProvider time)
    {
        _time = time;
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>The number of calls of Next so far.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Waits for the next call and returns its time.</summary>
    public async Task<TimeSpan> NextAsync()
    {
        using var patience = new CancellationTokenSource(LoopUnderTest.Patience);
        return await _asked.Reader.ReadAsync(patience.Token);
    }

    public void Answer(string json) => _answers.Writer.TryWrite($"HTTP/1.1 200 OK\r\nContent-Length: {json.Length}\r\n\r\n{json}");

    public void Refuse(int status) => _answers.Writer.TryWrite($"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");

    public void Dispose()
    {
        _answers.Writer.TryComplete();
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        using var socket = await _listener.AcceptSocketAsync();
        var buffer = new byte[4096];
        while (true)
        {
            for (var request = ""; !request.EndsWith("\r\n\r\n", StringComparison.Ordinal);)
            {
                var read = await socket.ReceiveAsync(buffer);
                if (read == 0)
                    return;
                request += Encoding.ASCII.GetString(buffer, 0, read);
            }

            Interlocked.Increment(ref _calls);
            _asked.Writer.TryWrite(_time.GetElapsedTime(0));
            if (!await _answers.Reader.WaitToReadAsync() || !_answers.Reader.TryRead(out var answer))
                return;
            await socket.SendAsync(Encoding.UTF8.GetBytes(answer));
        }
    }
}
