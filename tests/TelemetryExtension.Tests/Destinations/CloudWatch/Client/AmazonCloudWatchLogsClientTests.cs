using System.Net;
using Amazon.CloudWatchLogs;
using Amazon.CloudWatchLogs.Model;
using TelemetryExtension.Destinations.CloudWatch;

using TelemetryExtension.Aws;

namespace TelemetryExtension.Tests.Destinations.CloudWatch.Client;

public sealed class AmazonCloudWatchLogsClientTests : IDisposable
{
    private readonly FakeCloudWatchLogs _server = new();

    public void Dispose() => _server.Dispose();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PutLogEvents_GroupAndStream_Arrive()
    {
        using var client = Client();
        await client.CreateLogGroupAsync(new() { LogGroupName = "g" }, Cancelled);
        await client.CreateLogStreamAsync(new() { LogGroupName = "g", LogStreamName = "s" }, Cancelled);
        await client.PutRetentionPolicyAsync(new() { LogGroupName = "g", RetentionInDays = 7 }, Cancelled);

        var response = await client.PutLogEventsAsync(Put("grüße \"quoted\" \u0001 😀"), Cancelled);

        Assert.Null(response.RejectedLogEventsInfo);
        Assert.Equal([(1_440_938_160_123L, "grüße \"quoted\" \u0001 😀")], _server.Groups["g"]["s"]);
        Assert.Equal(7, _server.Retention["g"]);
    }

    [Fact]
    public async Task PutLogEvents_RejectedEvents_AreReported()
    {
        _server.Groups["g"] = new() { ["s"] = [] };
        _server.RejectedLogEventsInfo = """{"tooNewLogEventStartIndex":5,"tooOldLogEventEndIndex":2,"expiredLogEventEndIndex":1}""";
        using var client = Client();

        var rejected = (await client.PutLogEventsAsync(Put("x"), Cancelled)).RejectedLogEventsInfo;

        Assert.NotNull(rejected);
        Assert.Equal((5, 2, 1), (rejected.TooNewLogEventStartIndex, rejected.TooOldLogEventEndIndex, rejected.ExpiredLogEventEndIndex));
    }

    [Theory]
    [InlineData("ResourceNotFoundException", typeof(ResourceNotFoundException))]
    [InlineData("com.amazonaws.logs#ResourceNotFoundException", typeof(ResourceNotFoundException))]
    [InlineData("ResourceAlreadyExistsException", typeof(ResourceAlreadyExistsException))]
    [InlineData("InvalidParameterException", typeof(InvalidParameterException))]
    [InlineData("OperationAbortedException", typeof(OperationAbortedException))]
    [InlineData("AccessDeniedException", typeof(AmazonCloudWatchLogsException))]
    public async Task PutLogEvents_ServiceError_IsTheExceptionOfThePackage(string type, Type expected)
    {
        for (var i = 0; i < 3; i++)
            _server.Answers.Enqueue(_ => FakeCloudWatchLogs.Error(400, type, "why"));
        using var client = Client();

        var thrown = await Assert.ThrowsAnyAsync<AmazonCloudWatchLogsException>(() => client.PutLogEventsAsync(Put("x"), Cancelled));

        Assert.Equal(expected, thrown.GetType());
        Assert.Equal(type[(type.IndexOf('#', StringComparison.Ordinal) + 1)..], thrown.ErrorCode);
        Assert.Equal("why", thrown.Message);
        Assert.Equal(HttpStatusCode.BadRequest, thrown.StatusCode);
    }

    [Theory]
    [InlineData("<html><body>502 Bad Gateway</body></html>", "an error with the body: <html><body>502 Bad Gateway</body></html>")]
    [InlineData("<ErrorResponse><Error><Code>SlowDown</Code></Error></ErrorResponse>", "an error with the body: <ErrorResponse>")]
    [InlineData("[1]", "an error with the body: [1]")]
    [InlineData("{\"__type\":7,\"message\":null}", "an error with the body: {")]
    [InlineData("", "an error without a body")]
    public async Task PutLogEvents_ErrorThatIsNotOfTheService_IsQuoted(string body, string message)
    {
        for (var i = 0; i < 3; i++)
            _server.Answers.Enqueue(_ => new(HttpStatusCode.BadGateway) { Content = new StringContent(body) });
        using var client = Client();

        var thrown = await Assert.ThrowsAnyAsync<AmazonCloudWatchLogsException>(() => client.PutLogEventsAsync(Put("x"), Cancelled));

        Assert.StartsWith(message, thrown.Message, StringComparison.Ordinal);
        Assert.Null(thrown.ErrorCode);
        Assert.Equal(HttpStatusCode.BadGateway, thrown.StatusCode);
    }

    [Fact]
    public async Task PutLogEvents_ErrorTypeInTheHeader_IsTheErrorCode()
    {
        for (var i = 0; i < 3; i++)
            _server.Answers.Enqueue(_ =>
            {
                var answer = new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new StringContent("{}") };
                answer.Headers.Add("x-amzn-ErrorType", "ResourceNotFoundException:http://internal.amazon.com/coral/com.amazonaws.logs/");
                return answer;
            });
        using var client = Client();

        await Assert.ThrowsAsync<ResourceNotFoundException>(() => client.PutLogEventsAsync(Put("x"), Cancelled));
    }

    [Fact]
    public async Task FilterLogEvents_ThrottledOnceForReplay_IsRetriedBySdk()
    {
        _server.Groups["g"] = new() { ["s"] = [] };
        _server.Answers.Enqueue(_ => FakeCloudWatchLogs.Error(400, "ThrottlingException"));
        using var client = CloudWatchLogsClientFactory.Create(FakeCloudWatchLogs.Aws, _server, CloudWatchLogsClientFactory.PatientRetries);

        await client.FilterLogEventsAsync(new() { LogGroupName = "g" }, Cancelled);

        Assert.Equal(2, _server.Calls.Count);
    }

    [Fact]
    public async Task PutLogEvents_ConnectionDied_IsTriedOnceMoreAtOnce()
    {
        _server.Groups["g"] = new() { ["s"] = [] };
        for (var i = 0; i < 3; i++)
            _server.Answers.Enqueue(_ => throw new HttpRequestException(HttpRequestError.ResponseEnded));
        using var client = Client();

        await Assert.ThrowsAnyAsync<Exception>(() => client.PutLogEventsAsync(Put("x"), Cancelled));

        Assert.Equal(2, _server.Calls.Count);
    }

    [Fact]
    public async Task PutLogEvents_NoConnection_IsNotTriedAgain()
    {
        _server.Answers.Enqueue(_ => throw new HttpRequestException(HttpRequestError.NameResolutionError));
        using var client = Client();

        await Assert.ThrowsAnyAsync<Exception>(() => client.PutLogEventsAsync(Put("x"), Cancelled));

        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task PutLogEvents_OurClockIsAnHourOff_IsSignedAgainWithTheServersTime()
    {
        _server.Groups["g"] = new() { ["s"] = [] };
        _server.Clock = () => DateTimeOffset.UtcNow + TimeSpan.FromHours(1);
        using var client = CloudWatchLogsClientFactory.Create(FakeCloudWatchLogs.Aws with { LogsEndpoint = "http://skewed.test/" }, _server);

        await client.PutLogEventsAsync(Put("x"), Cancelled);

        Assert.Equal(2, _server.Calls.Count);
    }

    [Fact]
    public async Task PutLogEvents_HangingEndpoint_EndsWithTheCallersToken()
    {
        _server.Hangs = true;
        using var client = Client();
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        budget.CancelAfter(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => client.PutLogEventsAsync(Put("x"), budget.Token).WaitAsync(TimeSpan.FromSeconds(10), Cancelled));

        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task FilterLogEvents_Pages_AreRead()
    {
        _server.Groups["g"] = new() { ["a"] = [(1, "one")], ["b"] = [(2, "two")], ["c"] = [] };
        using var client = Client();
        var messages = new List<string?>();
        string? token = null;
        do
        {
            var page = await client.FilterLogEventsAsync(new() { LogGroupName = "g", NextToken = token }, Cancelled);
            messages.AddRange(page.Events!.Select(logEvent => logEvent.Message));
            token = page.NextToken;
        }
        while (token is not null);

        Assert.Equal(["one", "two"], messages);
    }

    private AmazonCloudWatchLogsClient Client() => CloudWatchLogsClientFactory.Create(FakeCloudWatchLogs.Aws, _server);

    private static PutLogEventsRequest Put(string message) => new()
    {
        LogGroupName = "g",
        LogStreamName = "s",
        LogEvents = [new() { Timestamp = new DateTime(2015, 8, 30, 12, 36, 0, 123, DateTimeKind.Utc), Message = message }],
    };
}
