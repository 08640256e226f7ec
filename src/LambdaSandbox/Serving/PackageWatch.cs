namespace LambdaSandbox.Serving;

/// <summary>Calls back when a zip or a folder was rebuilt: after a change that is followed by one look without a change.</summary>
/// <remarks>It polls, because a build replaces whole folders and containers share them without file events.</remarks>
internal sealed class PackageWatch(IReadOnlyList<string> paths, Action onChanged, TimeProvider time)
{
    private const int MaxFiles = 20_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var known = Fingerprint();
        var last = known;
        try
        {
            while (true)
            {
                await Task.Delay(Interval, time, cancellation).ConfigureAwait(false);
                var now = Fingerprint();
                if (now == last && now != known && now.Exists)
                {
                    known = now;
                    onChanged();
                }

                last = now;
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    private (long Hash, bool Exists) Fingerprint()
    {
        var hash = 0L;
        var exists = true;
        foreach (var path in paths)
        {
            try
            {
                exists &= File.Exists(path) || Directory.Exists(path);
                var files = Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Take(MaxFiles) : [new FileInfo(path)];

                // The sum is independent of the order of the files.
                foreach (var file in files.Where(file => file.Exists))
                    hash += HashCode.Combine(file.FullName, file.Length, file.LastWriteTimeUtc.Ticks);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                exists = false;
            }
        }

        return (hash, exists);
    }
}
