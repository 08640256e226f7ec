using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Native;
using TelemetryExtension.Network;

namespace TelemetryExtension.Secrets;

/// <summary>
/// The secrets of this process. It reads each at first use, once for all users, and keeps it. It reads an old one again in the background, and returns the
/// known text meanwhile. A read has its own timeout, so it continues after its caller gave up, and after a freeze. Thread-safe. Throws only on cancellation.
/// </summary>
internal sealed class SecretStore(ISecretReader reader, TimeSpan timeToLive, TimeProvider time, Func<double> random)
{
    /// <summary>For one read of several secrets.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    public static SecretStore Of(SecretOptions options, AwsOptions aws, TimeProvider time) =>
        new(new LocalSecretReader(aws, options.LocalPort, new AwsSecretReader(aws)), options.TimeToLive, time, SnapshotRestores.NextDouble);

    private readonly Lock _gate = new();
    private readonly Dictionary<SecretSource, CachedSecret> _secrets = [];

    /// <summary>Returns the values of all these secrets. Null when one of them is unreadable now; the log names it once.</summary>
    public async ValueTask<SecretValues?> GetAsync(IReadOnlyList<SecretSource> sources, CancellationToken cancellationToken)
    {
        var reading = Begin(sources, isFresh: false);
        if (Known(sources) is { } known)
            return known;
        await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Known(sources);
    }

    /// <summary>Reads the secrets again, because a backend refused their values. Returns at once when they have changed since.</summary>
    /// <returns>The new values. Null when they equal the refused ones.</returns>
    public async ValueTask<SecretValues?> RefreshAsync(IReadOnlyList<SecretSource> sources, SecretValues used, CancellationToken cancellationToken)
    {
        if (Known(sources) is { } since && !since.IsSameAs(used))
            return since;
        await Begin(sources, isFresh: true).WaitAsync(cancellationToken).ConfigureAwait(false);
        return Known(sources) is { } now && !now.IsSameAs(used) ? now : null;
    }

    private SecretValues? Known(IReadOnlyList<SecretSource> sources)
    {
        lock (_gate)
        {
            var texts = new Dictionary<SecretSource, string>(sources.Count);
            foreach (var source in sources)
                if (Of(source).Text is { } text)
                    texts[source] = text;
                else
                    return null;
            return new(texts);
        }
    }

    /// <summary>Starts a read of the secrets that are due. The task also waits for reads of these secrets that others began.</summary>
    private Task Begin(IReadOnlyList<SecretSource> sources, bool isFresh)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var due = sources.Where(source => isFresh ? Of(source).MayRefresh(now) : Of(source).IsDue(now, timeToLive)).ToList();
            if (due.Count > 0)
            {
                var reading = Task.Run(() => ReadAsync(due, isFresh));
                due.ForEach(source => Of(source).Reading = reading);
            }

            return Task.WhenAll(sources.Select(source => Of(source).Reading).OfType<Task>().Distinct());
        }
    }

    private async Task ReadAsync(List<SecretSource> sources, bool isFresh)
    {
        IReadOnlyList<SecretAnswer> answers = [];
        using (var timeout = new AttemptTimeout(ReadTimeout, time, CancellationToken.None))
        {
            try
            {
                answers = await reader.ReadAsync(sources, isFresh, timeout.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Log.WarnOnce("secrets", $"reading secrets failed: {Reason.OfBug(exception)}");
            }
        }

        lock (_gate)
        {
            foreach (var source in sources)
                Note(Of(source), answers.FirstOrDefault(answer => answer.Source == source) ?? new(source, null, "the answer is missing"));
        }
    }

    private void Note(CachedSecret secret, SecretAnswer answer)
    {
        secret.Reading = null;
        if (answer.Text is not { } text)
        {
            secret.Failed(time.GetUtcNow(), random());
            Log.WarnOnce(
                $"secret {answer.Source}",
                $"cannot read {answer.Source}: {answer.Problem}; {(secret.Text is null ? "telemetry that needs it waits, and the extension retries" : "the extension keeps using the known value")}");
            return;
        }

        var failures = secret.Failures;
        if (secret.Succeeded(text, time.GetUtcNow()) || failures > 0)
            Log.Debug($"read {answer.Source}");
        if (failures > 0)
            Log.Info($"{answer.Source} can be read again");
    }

    private CachedSecret Of(SecretSource source)
    {
        if (!_secrets.TryGetValue(source, out var secret))
            _secrets.Add(source, secret = new());
        return secret;
    }
}
