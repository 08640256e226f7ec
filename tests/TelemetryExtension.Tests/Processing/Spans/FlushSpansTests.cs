using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Spans;

namespace TelemetryExtension.Tests.Processing.Spans;

public sealed class FlushSpansTests
{
    private readonly FlushSpans _flushes = new(new Ledger());

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 0, true)]
    [InlineData(0, 1, true)]
    public void Add_FlushDidNothing_HasNoSpan(long bytes, int left, bool hasSpan)
    {
        _flushes.Add(Facts(bytes, left), 1_000_000_000, null);
        Assert.Equal(hasSpan, _flushes.Any);
    }

    [Fact]
    public void Add_InInvocation_SaysWhatHappenedAndLinksToIt()
    {
        var tracker = new InvocationTracker("orders");
        tracker.OnInvoke("a", "", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", 1000);
        _flushes.Add(Facts(10, 2), 3_000_000_000, tracker.Latest);
        List<SpanData> spans = [];
        _flushes.MoveTo(spans);

        var span = Assert.Single(spans);
        Assert.False(_flushes.Any);
        Assert.Equal(("flush", 2_750_000_000, 3_000_000_000, null), (span.Name, span.Start, span.End, span.ParentSpanId));
        Assert.Equal(
            "reason=it was time strategy=end budget=0.3 outcome=cut_off bytes=10 payloads_left=2 batch_ids=x,y",
            string.Join(' ', span.Attributes.Select(each => $"{each.Key[(each.Key.LastIndexOf('.') + 1)..]}={Text(each.Value)}")));
        var link = Assert.Single(span.Links);
        Assert.Equal((tracker.Latest!.TraceId, tracker.Latest.SpanId), (link.TraceId, link.SpanId));
        Assert.NotEqual(link.TraceId, span.TraceId);
    }

    private static FlushFacts Facts(long bytes, int left) =>
        new("it was time", "end", TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(250), "cut_off", bytes, left, ["x", "y"]);

    private static string Text(object? value) =>
        value is string[] texts ? string.Join(',', texts) : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!;
}
