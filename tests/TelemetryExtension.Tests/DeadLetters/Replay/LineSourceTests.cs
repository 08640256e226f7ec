using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.DeadLetters;
using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.DeadLetters.Replay;

[Collection(nameof(AloneInTheProcess))]
public sealed class LineSourceTests
{
    private const int Megabyte = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The JSON of many log events may be one line, with parts anywhere in it.</summary>
    [Fact]
    public async Task Lines_OneLineOfManyParts_LosesNone()
    {
        var payloads = Enumerable.Range(0, 40).Select(i => new OtlpPayload(Signal.Logs, RandomNumberGenerator.GetBytes(1000 + (i * 5000)), 1, DateTimeOffset.UnixEpoch)).ToList();
        var text = "{\"events\":[" + string.Join(',', payloads.SelectMany(static payload => DeadLetter.Of(payload).Lines).Select(static line => $"{{\"message\":\"{line}\\n\"}}")) + "]}";
        var assembler = new DeadLetterAssembler();
        var found = new List<OtlpPayload>();
        await foreach (var piece in LineSource.Lines(Stream(text), static _ => { }, Token))
        {
            Assert.InRange(piece.Length, 1, Megabyte);
            found.AddRange(assembler.Add(piece));
        }

        Assert.Equal(payloads.Select(static payload => Convert.ToHexString(payload.Body.Span)), found.Select(static payload => Convert.ToHexString(payload.Body.Span)));
        Assert.Empty(assembler.Incomplete());
        Assert.Empty(assembler.Problems);
    }

    [Fact]
    public async Task Lines_EndlessLineWithoutAnything_TakesNoMemory()
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await foreach (var _ in LineSource.Lines(new Endless(64L * Megabyte), static _ => { }, Token))
            Assert.Fail("it is empty");
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 16 * Megabyte);
    }

    /// <summary>For any text around the parts, and any position of the buffer's end.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void Lines_PartsAmongAnything_AreAllFound()
    {
        var filler = Gen.OneOf(
            Gen.Elements("\n", "\r\n", "otlp-dead-letter/", "otlp-dead", "{\"message\":\"", "ä€😀 "), Gen.Choose(0, 300_000).Select(static length => new string('x', length)));
        Prop.ForAll(Arb.From(filler.ArrayOf().Where(static each => each.Length < 8)), pieces =>
        {
            var payload = new OtlpPayload(Signal.Traces, new byte[] { 1, 2, 3 }, 1, DateTimeOffset.UnixEpoch);
            var text = string.Concat(pieces.Select(piece => piece + " " + DeadLetter.Of(payload with { BatchId = Guid.NewGuid().ToString("N") }).Lines[0] + " "));
            var assembler = new DeadLetterAssembler();
            return LineSource.Lines(Stream(text), static _ => { }, CancellationToken.None).ToBlockingEnumerable().SelectMany(assembler.Add).Count() == pieces.Length;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));

    private sealed class Endless(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = (int)Math.Min(_left, buffer.Length);
            buffer[..read].Fill((byte)'x');
            _left -= read;
            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
