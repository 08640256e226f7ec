namespace EndToEnd.Tests.Trouble;

/// <summary>Freezes of 1 to 20 ms at random moments from a seed and around Next, during anything that the environment does. Counts what they hit.</summary>
/// <param name="least">The least number before the shutdown. More hit the shutdown.</param>
internal sealed class RandomFreezes(int seed, int least)
{
    /// <summary>One of this many calls of Next certainly gets a freeze. Left to chance few do where invocations follow each other at once.</summary>
    private const int NextEvery = 4;

    private readonly Random _random = new(seed);
    private int _nexts;
    private volatile int _count;
    private volatile bool _ending;

    public int Count => _count;

    public bool AreEnough => _count >= least;

    /// <summary>A request was open at the backend.</summary>
    public int InUploads { get; private set; }

    /// <summary>The extension was calling Next, or had called it.</summary>
    public int InNext { get; private set; }

    /// <summary>The shutdown was running and the extension alive.</summary>
    public int InShutdown { get; private set; }

    /// <summary>Freezes until both <paramref name="running"/> and the shutdown after it have ended.</summary>
    public async Task<Outcome> DuringAsync(LambdaUnderTest lambda, Func<Task> running)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var freezing = FreezeAsync(lambda, over.Token);
        try
        {
            await running();
            _ending = true;
            // A request that was frozen for longer than a flush may take is sent again.
            return await lambda.EndAsync(mayRepeat: true);
        }
        finally
        {
            await over.CancelAsync();
            await freezing;
        }
    }

    /// <summary>The extension has called Next, and the platform has not noticed yet.</summary>
    public async Task AtNextAsync(LambdaUnderTest lambda)
    {
        if (Interlocked.Increment(ref _nexts) % NextEvery == 0)
            await lambda.Sandbox.FreezeWhileAsync(() => LookAsync(lambda, isAtNext: true), TestContext.Current.CancellationToken);
    }

    private async Task FreezeAsync(LambdaUnderTest lambda, CancellationToken over)
    {
        try
        {
            while (true)
            {
                // A shutdown is short.
                await Task.Delay(_random.Next(_ending ? 2 : 10), over);
                await lambda.Sandbox.FreezeWhileAsync(() => LookAsync(lambda), over);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The caller cancelled.
        }
    }

    private Task LookAsync(LambdaUnderTest lambda, bool isAtNext = false)
    {
        var extension = lambda.Sandbox.Extensions[0];
        _count++;
        InUploads += lambda.Backend.OpenRequests > 0 ? 1 : 0;
        InNext += isAtNext || extension.State == "Ready" ? 1 : 0;
        InShutdown += _ending && extension.ExitCode is null ? 1 : 0;
        return Task.Delay(1 + (_count % 20), CancellationToken.None);
    }
}
