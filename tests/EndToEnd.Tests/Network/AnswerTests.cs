using System.Text;
using EndToEnd.Tests.Otlp;
using EndToEnd.Tests.Trouble;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Network;

/// <summary>For any answer of a backend each record is counted in the ledger accordingly.</summary>
public sealed class AnswerTests
{
    private const string Json = """{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"older than five hours"}}""";

    [Theory]
    [InlineData("application/json", null)]
    [InlineData("application/json; charset=utf-8", "gzip")]
    [InlineData("text/plain", "x-gzip")]
    [InlineData("application/x-protobuf", null)]
    public async Task Partial_success_in_JSON_is_counted_and_logged(string contentType, string? encoding)
    {
        await using var lambda = await StartAsync("http/protobuf");
        var headers = new Dictionary<string, string> { ["Content-Type"] = contentType };
        if (encoding is not null)
            headers["Content-Encoding"] = encoding;
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.First(1, Fault.Http(200, headers: headers, body: encoding is null ? Encoding.UTF8.GetBytes(Json) : Gzip(Json)).ButTaken()));
        await lambda.OrdersAsync(1);
        // The backend stored the records that it reports as rejected, so they are not the ledger's exported ones.
        var outcome = await lambda.EndAsync(backendHasAll: false);

        Assert.Equal(2, outcome.Ledger.Logs.Rejected);
        Assert.Equal(0, outcome.Ledger.Logs.DeadLettered);
        Assert.Contains("older than five hours", outcome.Line("rejected 2 of"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http/protobuf", "text/html; charset=utf-8", "<!doctype html><title>Sign in</title>", "with a web page (text/html; charset=utf-8) 'Sign in'")]
    [InlineData("http/protobuf", "text/plain", "\n<html>", "with a web page (text/plain)")]
    [InlineData("grpc", "text/html", "<!doctype html>", "HTTP 200 without a gRPC status (text/html)")]
    public async Task A_web_page_counts_as_a_refusal_and_is_logged_once_per_signal(string protocol, string contentType, string page, string said)
    {
        await using var lambda = await StartAsync(protocol);
        lambda.Backend.Respond = Faults.Always(Fault.Http(200, headers: new Dictionary<string, string> { ["Content-Type"] = contentType }, body: Encoding.UTF8.GetBytes(page)));
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(3);
        Assert.Equal(3, outcome.Said.Count(line => line.Contains(said, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("http/protobuf", 301)]
    [InlineData("http/protobuf", 307)]
    [InlineData("grpc", 302)]
    public async Task A_redirect_is_not_followed_but_its_target_is_logged(string protocol, int status)
    {
        await using var lambda = await StartAsync(protocol);
        lambda.Backend.Respond = Faults.Always(Fault.Http(status, headers: new Dictionary<string, string> { ["Location"] = "https://user:secret@other.test/v1/traces?key=secret" }));
        await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(2);
        Assert.Contains(outcome.Said, static line => line.Contains("redirects to https://other.test/v1/traces, which is not followed", StringComparison.Ordinal));
        Assert.DoesNotContain(outcome.Said, static line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_success_answer_counts_and_is_logged_once()
    {
        await using var lambda = await StartAsync("http/protobuf");
        lambda.Backend.Respond = Faults.Always(Fault.Http(200, headers: new Dictionary<string, string> { ["Content-Type"] = "text/plain" }, body: "ok"u8.ToArray()).ButTaken());
        var results = await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        outcome.Line("the answer is not an OTLP response (text/plain): ok");
    }

    private static Task<LambdaUnderTest> StartAsync(string protocol) =>
        LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"));

    private static byte[] Gzip(string text) => Payloads.Gzip(Encoding.UTF8.GetBytes(text));
}
