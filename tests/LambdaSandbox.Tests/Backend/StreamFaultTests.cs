using System.Net.Sockets;
using LambdaSandbox.Backend;

namespace LambdaSandbox.Tests.Backend;

/// <summary>Faults of HTTP/2 streams and connections.</summary>
public sealed class StreamFaultTests : IAsyncLifetime
{
    private readonly OtlpClient _client = new();
    private OtlpBackend _backend = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _backend = await OtlpBackend.StartAsync(cancellationToken: Cancellation);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task LastOnConnection_OverGrpc_MakesTheClientReconnect()
    {
        _backend.Respond = Faults.First(1, Fault.LastOnConnection);

        for (var request = 0; request < 3; request++)
            Assert.Equal(GrpcStatus.Ok, (await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace)).Status);

        Assert.Equal(2, _backend.Requests.Select(request => request.ConnectionId).Distinct().Count());
    }

    [Fact]
    public async Task GoAway_LeavesTheStreamUnprocessed()
    {
        // SocketsHttpHandler itself repeats only requests that a GOAWAY reports as not processed.
        _backend.Respond = Faults.First(1, Fault.GoAway());

        var answer = await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace);

        Assert.Equal(GrpcStatus.Ok, answer.Status);
        Assert.Equal(2, _backend.Requests.Select(request => request.ConnectionId).Distinct().Count());
        Assert.Null(_backend.Requests[0].HttpStatus);
        Assert.Single(_backend.Spans);
    }

    [Fact]
    public async Task GoAway_WithAnError_TellsTheClientItsCode()
    {
        _backend.Respond = Faults.Always(Fault.GoAway(errorCode: 11).ButTaken());

        var error = await Assert.ThrowsAnyAsync<HttpRequestException>(() => _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace));

        Assert.Contains("ENHANCE_YOUR_CALM", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "INTERNAL_ERROR")]
    [InlineData(8, "CANCEL")]
    public async Task ResetStream_TellsTheClientItsCode(int code, string name)
    {
        _backend.Respond = Faults.First(1, Fault.ResetStream(code));

        var error = await Assert.ThrowsAnyAsync<HttpRequestException>(() => _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace));

        Assert.Contains(name, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(GrpcStatus.Ok, (await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace)).Status);
        Assert.Single(_backend.Requests.Select(request => request.ConnectionId).Distinct());
    }

    [Fact]
    public async Task CloseAfterHeaders_OverGrpc_FailsTheCall()
    {
        _backend.Respond = Faults.Always(Fault.CloseAfterHeaders);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace));
    }
}
