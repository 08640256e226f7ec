using System.Net;
using System.Net.Http.Headers;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class OtlpHttpDestinationCutOffTests
{
    // partial_success { rejected 2 }
    private static readonly byte[] TwoRejected = [0x0A, 0x02, 0x08, 0x02];

    [Theory]
    [InlineData(CutAt.Status)]
    [InlineData(CutAt.EndOfBody)]
    public async Task Deliver_TimeIsOverWhenTheAnswerIsThere_RejectedRecordsAreSeen(CutAt cutAt)
    {
        using var budget = new CancellationTokenSource();
        using var handler = new Answer(new Body(TwoRejected, cutAt == CutAt.EndOfBody ? budget : null), cutAt == CutAt.Status ? budget : null);
        using var destination = Destination(handler);

        var result = await destination.DeliverAsync(new(Signal.Logs, new byte[1], 5, DateTimeOffset.UnixEpoch), budget.Token);

        Assert.True(budget.IsCancellationRequested);
        Assert.Equal((DeliveryStatus.Delivered, 2), (result.Status, result.RejectedRecords));
    }

    private static OtlpHttpDestination Destination(HttpMessageHandler handler)
    {
        var problems = new SettingProblems();
        var options = DeliveryOptions.From(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:4318" }.Read(problems), 1);
        Assert.Empty(problems.Messages);
        return new("otlp", options.Destinations[0].Endpoints, new OutboundConnections(() => handler, TimeProvider.System, allShareOne: false), TimeProvider.System);
    }

    public enum CutAt
    {
        Status,
        EndOfBody,
    }

    private sealed class Answer(HttpContent content, CancellationTokenSource? cut) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            cut?.Cancel();
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
        }
    }

    /// <summary>All there; the time may be over with its last byte.</summary>
    private sealed class Body(byte[] bytes, CancellationTokenSource? cut) : HttpContent
    {
        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new Ending(bytes, cut));

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }

    private sealed class Ending(byte[] bytes, CancellationTokenSource? cut) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Read(buffer.Span);
            if (Position == Length)
                await (cut?.CancelAsync() ?? Task.CompletedTask);
            return count;
        }
    }
}
