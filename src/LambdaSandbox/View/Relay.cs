using System.Net.Http.Headers;
using System.Threading.Channels;
using Google.Protobuf;
using LambdaSandbox.Backend;

namespace LambdaSandbox.View;

/// <summary>Forwards what the backend accepts to a viewer. The sender does not wait for it. What the viewer does not accept is dropped.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private const int MaxWaiting = 1000;

    private readonly Channel<(OtlpSignal Signal, byte[] Body)> waiting =
        Channel.CreateBounded<(OtlpSignal, byte[])>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Uri url;
    private readonly Task running;
    private int dropped;

    public Relay(Uri url)
    {
        this.url = url;
        running = RunAsync();
    }

    /// <summary>Requests that the viewer refused or did not answer.</summary>
    public int Dropped => Volatile.Read(ref dropped);

    public void Add(ReceivedRequest request)
    {
        if (request is { Problem: null, Signal: { } signal, Message: { } message })
            waiting.Writer.TryWrite((signal, message.ToByteArray()));
    }

    /// <summary>Waits until everything is forwarded, within a limit.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(5))).ConfigureAwait(false);
        http.Dispose();
    }

    private async Task RunAsync()
    {
        await foreach (var (signal, body) in waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                using var answer = await http.PostAsync(new Uri(url, $"v1/{signal.ToString().ToLowerInvariant()}"), content).ConfigureAwait(false);
                if (!answer.IsSuccessStatusCode)
                    Interlocked.Increment(ref dropped);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                Interlocked.Increment(ref dropped);
            }
        }
    }
}
