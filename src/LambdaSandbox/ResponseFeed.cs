using System.Threading.Channels;

namespace LambdaSandbox;

/// <param name="Streaming">Whether the runtime streams it, so that chunks arrive while the function still works.</param>
/// <param name="ContentType">The runtime's content type.</param>
public sealed record ResponseHead(bool Streaming, string? ContentType);

/// <summary>One invocation's response while the runtime sends it. A slow reader slows the runtime down.</summary>
public sealed class ResponseFeed
{
    private const int MaxWaitingChunks = 64;

    private readonly TaskCompletionSource<ResponseHead?> head = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<InvocationError?> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<byte[]> chunks = Channel.CreateBounded<byte[]>(MaxWaitingChunks);

    /// <summary>The head. Null when the invocation ended without a response; then see <see cref="Ended"/>.</summary>
    public Task<ResponseHead?> Head => head.Task;

    /// <summary>Null when the response is complete, otherwise the error that ended it.</summary>
    public Task<InvocationError?> Ended => ended.Task;

    public IAsyncEnumerable<byte[]> ReadAllAsync(CancellationToken cancellation) => chunks.Reader.ReadAllAsync(cancellation);

    /// <summary>Stops reading. Further chunks are dropped, so that the runtime can finish.</summary>
    public void Abandon() => chunks.Writer.TryComplete();

    internal void Begin(bool streaming, string? contentType) => head.TrySetResult(new ResponseHead(streaming, contentType));

    internal async ValueTask WriteAsync(byte[] chunk)
    {
        try
        {
            await chunks.Writer.WriteAsync(chunk).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            // The caller is gone, or the invocation was ended.
        }
    }

    internal void End(InvocationError? error)
    {
        ended.TrySetResult(error);
        head.TrySetResult(null);
        chunks.Writer.TryComplete();
    }
}
