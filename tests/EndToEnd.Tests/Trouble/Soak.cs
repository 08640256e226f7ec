namespace EndToEnd.Tests.Trouble;

/// <summary>
/// Invocations of random size under random faults from one seed: backend faults, outages, bad certificates, a dead first address, a full disk, freezes, clock jumps, failing
/// handlers, timeouts, resets of the environment, a killed extension. Every invocation must end as intended, and the ledgers of all generations must match
/// what the backend accepted.
/// </summary>
internal sealed class Soak(int seed, TimeSpan duration)
{
    /// <summary>A timeout fails the test and names the seed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Random _random = new(seed);

    public async Task RunAsync()
    {
        using var place = await SoakPlace.FindAsync(_random);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed} ({place})");
        await using var lambda = await LambdaUnderTest.StartAsync(
            place.Backend, options => place.In(options) with { MemorySizeMb = 256, Timeout = TimeSpan.FromSeconds(3) }, place.Environment);
        var books = new SoakBooks(() => lambda.Sandbox.Events.Count(happened => happened.Type == "function"));
        try
        {
            await RunAsync(lambda, place, books, TestContext.Current.CancellationToken).WaitAsync(duration + Patience, TestContext.Current.CancellationToken);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(
                $"The soak with seed {seed} ({place}) failed at invocation {books.Invocations}; before that:\n{string.Join('\n', books.Lately)}", error);
        }
    }

    private async Task RunAsync(LambdaUnderTest lambda, SoakPlace place, SoakBooks books, CancellationToken cancellation)
    {
        var troubles = new SoakTroubles(lambda.Backend, place, _random, books);
        var invocations = new SoakInvocations(lambda, place, _random, books);
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < duration)
        {
            await troubles.ChangeAsync(cancellation);
            for (var left = _random.Next(1, 15); left > 0; left--)
                await invocations.NextAsync();
            if (_random.Next(4) == 0)
                await lambda.Sandbox.FreezeForAsync(TimeSpan.FromMilliseconds(_random.Next(1, 300)), cancellation);
        }

        await troubles.EndAsync(cancellation);
        books.Note("the end");
        // After a crash there is no environment to shut down until the next invocation.
        books.Ended(await lambda.InvokeAsync(FaultRun.Order("last")));
        var outcome = await lambda.EndAsync(books.Ledgers, mayRepeat: true);
        var report = books.Report(outcome, place, seed);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        books.Check(outcome, lambda, place);
    }
}
