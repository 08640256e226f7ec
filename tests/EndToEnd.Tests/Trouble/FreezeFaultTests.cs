using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

public sealed class FreezeFaultTests
{
    private static readonly TimeSpan HalfAMinute = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>
    /// Freezes while the body is in transit, of which the backend reads what the kernel still sends, and while the answer is. All at the same time, because
    /// a frozen environment costs nothing.
    /// </summary>
    [Trait("Category", "Slow")]
    [Fact]
    public async Task A_freeze_of_half_a_minute_in_the_middle_of_an_upload_loses_nothing() => await Task.WhenAll(
        LargeUpload.FreezeAsync("http/protobuf", Reading.Slowly(LargeUpload.Taken), HalfAMinute, connectionDies: true),
        LargeUpload.FreezeAsync("grpc", Reading.Slowly(LargeUpload.Taken), HalfAMinute, connectionDies: true),
        FreezeBeforeTheAnswerAsync("http/protobuf", connectionDies: true),
        FreezeBeforeTheAnswerAsync("http/protobuf", connectionDies: false),
        FreezeBeforeTheAnswerAsync("grpc", connectionDies: true));

    private static async Task FreezeBeforeTheAnswerAsync(string protocol, bool connectionDies)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(60) },
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"));
        var warm = await lambda.OrdersAsync(1);
        lambda.Backend.Respond = Faults.First(1, Fault.Slow(TimeSpan.FromMilliseconds(500)));
        var before = lambda.Backend.Requests.Count;
        var running = lambda.InvokeAsync(FaultRun.Order("frozen"));
        await lambda.Backend.WaitForAsync(backend => backend.Requests.Count > before, TimeSpan.FromSeconds(10), Cancellation);
        await lambda.Sandbox.FreezeWhileAsync(
            () => Task.WhenAll(Task.Delay(HalfAMinute, Cancellation), connectionDies ? RestartAsync(lambda.Backend) : Task.CompletedTask), Cancellation);
        var result = await running;
        // What was accepted in the last moment of a connection is sent again.
        var outcome = await lambda.EndAsync(mayRepeat: connectionDies);

        // The freeze itself is not the extension's time, but observers count it as overhead. The rest is at most the budget.
        Assert.InRange(result.ExtensionOverhead, HalfAMinute - TimeSpan.FromSeconds(0.5), HalfAMinute + TimeSpan.FromSeconds(4));
        outcome.CheckAllArrived([.. warm, result], mayRepeat: connectionDies);
        lambda.CheckOncePerBatch(outcome);
    }

    /// <summary>
    /// Freezes in uploads, around Next, in shutdowns: no record is lost, and a record is repeated only with its whole request under the same id. Four
    /// environments at the same time; a small buffer makes flushes frequent also where they are deferred.
    /// </summary>
    [Trait("Category", "Slow")]
    [Theory]
    [InlineData("end", 100)]
    [InlineData("adaptive", 200)]
    [InlineData("continuous", 300)]
    public async Task A_thousand_freezes_at_any_moment_lose_nothing(string strategy, int seed)
    {
        const int environments = 4, freezesInAll = 1000;
        var freezes = Enumerable.Range(seed, environments).Select(one => new RandomFreezes(one, freezesInAll / environments)).ToList();
        await Task.WhenAll(freezes.Select(some => InvokeAsync(strategy, some)));

        int all = freezes.Sum(one => one.Count), uploads = freezes.Sum(one => one.InUploads), next = freezes.Sum(one => one.InNext), shutdowns = freezes.Sum(one => one.InShutdown);
        TestContext.Current.TestOutputHelper?.WriteLine($"{all} freezes: {uploads} in uploads, {next} in Next, {shutdowns} in shutdowns");
        Assert.InRange(all, freezesInAll, int.MaxValue);
        Assert.InRange(uploads, freezesInAll / 20, int.MaxValue);
        Assert.InRange(next, freezesInAll / 100, int.MaxValue);
        Assert.InRange(shutdowns, environments, int.MaxValue);
    }

    private static async Task InvokeAsync(string strategy, RandomFreezes freezes)
    {
        const int lines = 20;
        LambdaUnderTest? started = null;
        await using var lambda = started = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(30), OnNext = _ => started is null ? Task.CompletedTask : freezes.AtNextAsync(started) },
            (FaultRun.Strategy, strategy), (FaultRun.Budget, "2000"), ("TELEMETRY_EXTENSION_BUFFER_ITEMS", "128"));
        lambda.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(30)));
        var results = new List<InvocationResult>();
        var outcome = await freezes.DuringAsync(lambda, async () =>
        {
            while (!freezes.AreEnough)
                results.Add(await lambda.InvokeAsync(FaultRun.Order($"{results.Count}", $",\"logLines\":{lines},\"logBytes\":50,\"sleepMs\":5")));
        });
        outcome.CheckAllArrived(results, FaultRun.LinesPerOrder + lines, mayRepeat: true);
        lambda.CheckOncePerBatch(outcome);
    }

    [Fact]
    public async Task A_connection_that_the_backend_closed_during_a_freeze_costs_nothing()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"));
        var results = new List<InvocationResult>();
        for (var number = 0; number < 10; number++)
        {
            results.Add(await lambda.InvokeAsync(FaultRun.Order($"{number}")));
            await RestartAsync(lambda.Backend);
        }

        var outcome = await lambda.EndAsync();
        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
    }

    private static async Task RestartAsync(OtlpBackend backend)
    {
        await backend.PauseAsync(Cancellation);
        await backend.ResumeAsync(Cancellation);
    }
}
