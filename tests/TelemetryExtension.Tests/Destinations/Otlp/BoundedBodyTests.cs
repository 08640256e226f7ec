using TelemetryExtension.Destinations.Otlp;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class BoundedBodyTests
{
    /// <summary>HttpClient provides trailers only after the end of the body, even when the length was announced.</summary>
    [Theory]
    [InlineData(false, 5, false)]
    [InlineData(true, 5, true)]
    [InlineData(true, 0, true)]
    [InlineData(false, null, true)]
    public async Task Read_LengthAnnounced_TheEndIsReadOnlyIfThereAreTrailers(bool hasTrailers, int? announced, bool isRead)
    {
        using var stream = new WatchedStream(new byte[announced ?? 5]);
        using var content = new StreamContent(stream);
        content.Headers.ContentLength = announced;

        var body = await BoundedBody.ReadAsync(content, 100, hasTrailers, TestContext.Current.CancellationToken);

        Assert.Equal((announced ?? 5, isRead), (body.Length, stream.EndWasRead));
    }

    [Fact]
    public async Task Read_LongerThanTheLimit_IsLeftUnread()
    {
        using var content = new ByteArrayContent(new byte[10_000]);
        Assert.Equal(2000, (await BoundedBody.ReadAsync(content, 2000, hasTrailers: true, TestContext.Current.CancellationToken)).Length);
    }

    private sealed class WatchedStream(byte[] bytes) : MemoryStream(bytes)
    {
        public bool EndWasRead { get; private set; }

        // The stream is not seekable, because otherwise its length would be announced.
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            EndWasRead |= read == 0;
            return read;
        }
    }
}
