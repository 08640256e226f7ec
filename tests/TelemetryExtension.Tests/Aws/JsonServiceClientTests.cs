using System.Net;
using Amazon.Runtime;
using TelemetryExtension.Aws;

namespace TelemetryExtension.Tests.Aws;

public sealed class JsonServiceClientTests
{
    private const int Mebibyte = 1024 * 1024;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_LongAnswer_IsRead()
    {
        using var body = new LongText(Mebibyte - 4096);
        using var client = Client(body);
        using var answer = await client.CallAsync("GetSecretValue", "{}"u8.ToArray(), Cancelled);

        Assert.Equal(Mebibyte - 4096 - 2, answer.RootElement.GetString()!.Length);
    }

    [Fact]
    public async Task Call_AnswerWithoutAnEnd_IsRefusedAndTheRestLeftUnread()
    {
        using var body = new LongText(64 * Mebibyte);
        using var client = Client(body);

        var thrown = await Assert.ThrowsAsync<AmazonClientException>(() => client.CallAsync("GetSecretValue", "{}"u8.ToArray(), Cancelled));

        Assert.Contains("too long", thrown.Message, StringComparison.Ordinal);
        Assert.InRange(body.Position, Mebibyte, 2 * Mebibyte);
    }

    private static JsonServiceClient Client(Stream body) => JsonServiceClient.Create(
        new BasicAWSCredentials("a", "b"), new("Secrets Manager", "secretsmanager", "secretsmanager"), "eu-west-1", new("http://127.0.0.1:1/"), 1, new Answering(body));

    private sealed class Answering(Stream body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body), RequestMessage = request });
    }

    /// <summary>A JSON text of the given length.</summary>
    private sealed class LongText(int length) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var part = buffer[..Math.Min(buffer.Length, length - _position)];
            part.Fill((byte)'x');
            if (part.Length > 0 && _position == 0)
                part[0] = (byte)'"';
            _position += part.Length;
            if (part.Length > 0 && _position == length)
                part[^1] = (byte)'"';
            return part.Length;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
