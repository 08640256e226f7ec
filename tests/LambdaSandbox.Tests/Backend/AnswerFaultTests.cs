using System.Net;
using System.Text;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;

namespace LambdaSandbox.Tests.Backend;

/// <summary>Answers other than success.</summary>
public sealed class AnswerFaultTests : IAsyncLifetime
{
    private readonly OtlpClient _client = new();
    private OtlpBackend _backend = null!;

    private string Traces => _backend.HttpUrl + "/v1/traces";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _backend = await OtlpBackend.StartAsync(cancellationToken: Cancellation);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Http_RetryAfterSeconds_IsAnsweredAndTheDataRefused()
    {
        _backend.Respond = Faults.First(1, Fault.Http(503, "busy", retryAfter: TimeSpan.FromSeconds(1.2)));

        var refused = await _client.PostAsync(Traces, OtlpVectors.Trace);
        var accepted = await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "2"), (refused.Status, refused.Headers.RetryAfter!.ToString()));
        Assert.Equal((14, "busy"), (refused.Decode<Google.Rpc.Status>().Code, refused.Decode<Google.Rpc.Status>().Message));
        Assert.Equal(HttpStatusCode.OK, accepted.Status);
        Assert.Single(_backend.Spans);
        Assert.Equal([0L, 1], _backend.Requests.Select(request => request.AcceptedItems));
    }

    [Fact]
    public async Task Http_RetryAfterDate_IsAnsweredInTheFormOfHttp()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        _backend.Respond = Faults.Always(Fault.Http(429, retryAt: time));

        var answer = await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Equal("Fri, 02 Jan 2026 03:04:05 GMT", answer.Headers.RetryAfter!.ToString());
    }

    [Fact]
    public async Task Http_OwnBodyAndHeaders_AreSentAsTheyAre()
    {
        _backend.Respond = Faults.Always(Fault.Http(
            307, headers: new Dictionary<string, string> { ["X-Why"] = "because" }, body: "<html>"u8.ToArray()));

        var answer = await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Equal((307, "because", "<html>"), ((int)answer.Status, answer.Headers.GetValues("X-Why").Single(), Encoding.UTF8.GetString(answer.Body)));
    }

    [Fact]
    public async Task Http_OverGrpc_ComesWithoutGrpcStatus()
    {
        _backend.Respond = Faults.Always(Fault.Http(502));

        var answer = await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace);

        Assert.Equal((HttpStatusCode.BadGateway, (int?)null), (answer.Http, answer.Status));
    }

    [Fact]
    public async Task PartialSuccess_RejectsThatManyItems()
    {
        _backend.Respond = Faults.Always(Fault.PartialSuccess(1, "too old"));

        var answer = await _client.PostAsync(Traces, [.. OtlpVectors.Trace, .. OtlpVectors.Trace]);

        var partial = answer.Decode<ExportTraceServiceResponse>().PartialSuccess;
        Assert.Equal((HttpStatusCode.OK, 1L, "too old"), (answer.Status, partial.RejectedSpans, partial.ErrorMessage));
        Assert.Single(_backend.Spans);
        Assert.Equal(1, _backend.Requests[0].AcceptedItems);
    }

    [Fact]
    public async Task PartialSuccess_OfMetrics_CountsDataPoints()
    {
        _backend.Respond = Faults.Always(Fault.PartialSuccess(2, "no"));
        var request = ExportMetricsServiceRequest.Parser.ParseFrom([.. OtlpVectors.Metric, .. OtlpVectors.Metric]);
        var points = request.ResourceMetrics[1].ScopeMetrics[0].Metrics[0].Sum.DataPoints;
        points.Add(points[0].Clone());
        points[1].AsInt = 7;

        await _client.PostAsync(_backend.HttpUrl + "/v1/metrics", Google.Protobuf.MessageExtensions.ToByteArray(request));

        Assert.Equal((3L, 1L), (_backend.Requests[0].ItemCount, _backend.Requests[0].AcceptedItems));
        Assert.Equal(7, Assert.Single(Assert.Single(_backend.Metrics).Metric.Sum.DataPoints).AsInt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Grpc_WithRetryDelay_CarriesRetryInfo(bool trailersOnly)
    {
        _backend.Respond = Faults.Always(Fault.Grpc(GrpcStatus.Unavailable, "später, 100 %", TimeSpan.FromMilliseconds(1500), trailersOnly));

        var answer = await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace);

        Assert.Equal((GrpcStatus.Unavailable, "später, 100 %", trailersOnly), (answer.Status, answer.Message, answer.TrailersOnly));
        var detail = Assert.Single(answer.Details!.Details);
        Assert.Equal("type.googleapis.com/google.rpc.RetryInfo", detail.TypeUrl);
        Assert.Equal(TimeSpan.FromMilliseconds(1500), detail.Unpack<Google.Rpc.RetryInfo>().RetryDelay.ToTimeSpan());
        Assert.Equal(GrpcStatus.Unavailable, _backend.Requests[0].GrpcStatus);
        Assert.Empty(_backend.Spans);
    }

    [Fact]
    public async Task Grpc_OverHttp_BecomesTheStatusThatCollectorsUse()
    {
        _backend.Respond = Faults.Always(Fault.Grpc(GrpcStatus.ResourceExhausted, "slow down"));

        Assert.Equal(HttpStatusCode.TooManyRequests, (await _client.PostAsync(Traces, OtlpVectors.Trace)).Status);
    }
}
