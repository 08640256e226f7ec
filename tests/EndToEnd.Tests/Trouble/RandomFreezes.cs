namespace EndToEnd.Tests.Trouble;

/// <summary>Freezes of 1 to 20 ms at random moments out of a seed, beside whatever one environment does meanwhile; what they met is counted.</summary>
/// <param name="least">So many before the shutdown; more of them hit it.</param>
internal sealed class RandomFreezes(int seed, int least)
{
    private readonly Random _random = new(seed);
    private volatile int _count;
    private volatile bool _ending;

    public int Count => _count;

    public bool AreEnough => _count >= least;

    /// <summary>A request was open at the backend.</summary>
    public int InUploads { get; private set; }

    /// <summary>The extension had called Next.</summary>
    public int InNext { get; private set; }

    /// <summary>The shutdown was under way and the extension alive.</summary>
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
            // What was frozen for longer than a flush may take is sent again.
            return await lambda.EndAsync(mayRepeat: true);
        }
        finally
        {
            await over.CancelAsync();
            await freezing;
        }
    }

    private async Task FreezeAsync(LambdaUnderTest lambda, CancellationToken over)
    {
        try
        {
            while (true)
            {
                // A shutdown is soon over.
                await Task.Delay(_random.Next(_ending ? 2 : 10), over);
                await lambda.Sandbox.FreezeWhileAsync(() => LookAsync(lambda), over);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private Task LookAsync(LambdaUnderTest lambda)
    {
        var extension = lambda.Sandbox.Extensions[0];
        _count++;
        InUploads += lambda.Backend.OpenRequests > 0 ? 1 : 0;
        InNext += extension.State == "Ready" ? 1 : 0;
        InShutdown += _ending && extension.ExitCode is null ? 1 : 0;
        return Task.Delay(_random.Next(1, 21), CancellationToken.None);
    }
}
