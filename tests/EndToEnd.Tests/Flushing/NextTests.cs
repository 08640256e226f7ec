using System.Collections.Concurrent;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Flushing;

/// <summary>
/// After Next the environment may be frozen at any moment. With the strategies that wait for their flushes no request is open then. Everything is stopped
/// right after Next, so that nothing can be cleaned up afterwards.
/// </summary>
[Collection(nameof(Alone))]
public sealed class NextTests
{
    /// <summary>The time until the backend notices a request that was sent before Next.</summary>
    private static readonly TimeSpan OnTheWay = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<int> _openAtNext = new();
    private LambdaUnderTest? _lambda;

    [Trait("Category", "Slow")]
    [Theory]
    [InlineData("end")]
    [InlineData("periodic")]
    public async Task With_a_slow_backend_no_request_is_open_at_Next(string strategy)
    {
        const int flushes = 8;
        await using var lambda = await StartAsync(strategy, "5000", LookTwiceAsync);
        // The first flush is slow. The budget learns from it and leaves the others enough time on a busy machine too, so none is cut off.
        var requests = 0;
        lambda.Backend.Respond = _ => Fault.Slow(TimeSpan.FromMilliseconds(Interlocked.Increment(ref requests) <= 3 ? 1000 : 30));
        var results = new List<InvocationResult>();
        var started = TimeProvider.System.GetTimestamp();
        for (var flushed = 0; flushed < flushes;)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30), $"only {flushed} flushes");
            var before = lambda.Backend.Requests.Count;
            // Delays below and above the round trip of the flush that may have begun with it.
            results.Add(await lambda.InvokeAsync(FaultRun.Order($"{results.Count}", $",\"sleepMs\":{results.Count % 4 * 20}")));
            flushed += lambda.Backend.Requests.Count > before ? 1 : 0;
        }

        (await lambda.EndAsync()).CheckAllArrived(results);
        Assert.Equal(results.Count, _openAtNext.Count);
        Assert.All(_openAtNext, open => Assert.Equal(0, open));
    }

    /// <summary>The backend never answers, so only the extension closes a request, which may be visible a moment later.</summary>
    [Fact]
    public async Task With_a_backend_that_hangs_a_flush_in_the_middle_of_an_invocation_is_over_at_Next()
    {
        await using var lambda = await StartAsync("end", "300", LookUntilNoneAsync);
        // Its report is what the flush in the middle of the next one sends: init waits for the end of its invocation, whose trace it is in.
        var first = await lambda.InvokeAsync(FaultRun.Order("first"));
        var before = lambda.Backend.Requests.Count;
        lambda.Backend.Respond = Faults.Always(Fault.HangBeforeHeaders);
        var seen = 0;
        var result = await lambda.InvokeAsync(FaultRun.Order("long", ",\"sleepMs\":2500"), new InvokeOptions
        {
            WhileRunning = async _ =>
            {
                await lambda.Backend.WaitForAsync(backend => backend.Requests.Count > before, TimeSpan.FromSeconds(2.4), TestContext.Current.CancellationToken);
                seen = lambda.Backend.OpenRequests;
            },
        });
        lambda.Backend.Respond = null;
        var outcome = await lambda.EndAsync();

        Assert.True(seen > 0, "no flush in the middle");
        Assert.Equal([0, 0], _openAtNext);
        outcome.CheckAllArrived([first, result]);
    }

    private async Task<LambdaUnderTest> StartAsync(string strategy, string budget, Func<OtlpBackend, Task<int>> look) => _lambda = await LambdaUnderTest.StartAsync(
        options => options with
        {
            Timeout = TimeSpan.FromSeconds(10),
            OnNext = _ => _lambda is { } lambda
                ? lambda.Sandbox.FreezeWhileAsync(async () => _openAtNext.Enqueue(await look(lambda.Backend)), TestContext.Current.CancellationToken)
                : Task.CompletedTask,
        },
        (FaultRun.Strategy, strategy), (FaultRun.Budget, budget), ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "1"));

    private static async Task<int> LookTwiceAsync(OtlpBackend backend)
    {
        var open = backend.OpenRequests;
        await Task.Delay(OnTheWay, TestContext.Current.CancellationToken);
        return Math.Max(open, backend.OpenRequests);
    }

    private static async Task<int> LookUntilNoneAsync(OtlpBackend backend)
    {
        await Task.Delay(OnTheWay, TestContext.Current.CancellationToken);
        for (var looks = 0; looks < 50 && backend.OpenRequests > 0; looks++)
            await Task.Delay(OnTheWay, TestContext.Current.CancellationToken);
        return backend.OpenRequests;
    }
}
