using System.Net;
using LambdaSandbox.Backend;

namespace LambdaSandbox.Tests.Backend;

/// <summary>The assignment of faults to requests.</summary>
public sealed class FaultScriptTests : IAsyncLifetime
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
    public async Task RefuseContaining_RefusesOnlyThePoisonedPayload()
    {
        _backend.Respond = Faults.RefuseContaining("hi");

        Assert.Equal(HttpStatusCode.BadRequest, (await _client.PostAsync(_backend.HttpUrl + "/v1/logs", OtlpVectors.Log)).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.PostAsync(Traces, OtlpVectors.Trace)).Status);
    }

    [Fact]
    public async Task Delay_OfTheScript_ComesBeforeTheAnswer()
    {
        _backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(60)));
        var begin = TimeProvider.System.GetTimestamp();

        await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.InRange(TimeProvider.System.GetElapsedTime(begin).TotalMilliseconds, 55, 10_000);
    }

    [Fact]
    public async Task Script_ThatThrows_Answers500WithItsMessage()
    {
        _backend.Respond = _ => throw new InvalidOperationException("a bug in the test");

        var answer = await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.Contains("a bug in the test", answer.Decode<Google.Rpc.Status>().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sequence_AcrossProtocols_GoesInOrder()
    {
        _backend.Respond = Faults.On(OtlpSignal.Traces, Faults.Sequence(Fault.Http(500), Fault.None, Fault.Http(400)));

        var statuses = new List<int>();
        for (var request = 0; request < 4; request++)
            statuses.Add((int)(await _client.PostAsync(Traces, OtlpVectors.Trace)).Status);

        Assert.Equal(200, (int)(await _client.PostAsync(_backend.HttpUrl + "/v1/logs", OtlpVectors.Log)).Status);
        Assert.Equal([500, 200, 400, 200], statuses);
    }
}
