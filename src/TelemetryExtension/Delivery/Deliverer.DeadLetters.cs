using TelemetryExtension.Diagnostics;
using TelemetryExtension.Network;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Delivery;

/// <summary>Handles payloads that no destination took: files for the next generation, or dead letters.</summary>
internal sealed partial class Deliverer
{
    /// <summary>
    /// How long a shutdown waits for dead letters that are still being written. A log that does not answer must not cost the remaining ones their time.
    /// </summary>
    private static readonly TimeSpan DeadLetterGrace = TimeSpan.FromMilliseconds(100);

    /// <summary>Dead letters are written in chunks of this size, because spooled payloads must be loaded into memory for it.</summary>
    private const int DeadLetterChunkBytes = 2 * 1024 * 1024;

    private readonly SemaphoreSlim _letters = new(1);
    private readonly CancellationTokenSource _lettersEnd = new();

    /// <summary>Whether payloads past their limits wait for <see cref="WriteExpiredAsync"/>.</summary>
    public bool HasExpired => outbox.HasExpired;

    /// <summary>
    /// Writes payloads past their limits as dead letters, and drops those that cannot be written. Returns at once when another call is running. May be
    /// frozen in the middle and then continues after the thaw.
    /// </summary>
    public async Task WriteExpiredAsync(IDeadLetters deadLetters, CancellationToken cancellationToken)
    {
        if (!await _letters.WaitAsync(0, CancellationToken.None))
            return;
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lettersEnd.Token);
            while (!end.IsCancellationRequested && outbox.TakeExpired(DeadLetterChunkBytes) is { Count: > 0 } entries)
                await WriteLettersAsync(entries, deadLetters, end.Token);
        }
        finally
        {
            _letters.Release();
        }
    }

    /// <summary>
    /// Writes payloads to files for the next generation, as far as they fit. Called before a reset, before <see cref="GiveUpAsync"/>. Returns the number of
    /// payloads.
    /// </summary>
    public Task<int> SpoolRemainingAsync(CancellationToken cancellationToken) => outbox.SpoolRemainingAsync(cancellationToken);

    /// <summary>
    /// Ends delivery: writes everything undelivered as dead letters and counts it as dead-lettered, or as dropped where dead letters are off or fail. The
    /// outbox is empty afterwards. Returns the number of payloads that were left.
    /// </summary>
    public async Task<int> GiveUpAsync(IDeadLetters? deadLetters, CancellationToken cancellationToken)
    {
        // Only one call at a time writes dead letters. When the time is over, everything is only counted.
        using var patience = new AttemptTimeout(DeadLetterGrace, time, cancellationToken);
        var waited = _letters.WaitAsync(patience.Token);
        await waited.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!waited.IsCompletedSuccessfully)
        {
            _ = _lettersEnd.CancelAsync();
            waited = _letters.WaitAsync(cancellationToken);
            await waited.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var left = 0;
        for (var works = waited.IsCompletedSuccessfully; works && deadLetters is { HasRoom: true } && !cancellationToken.IsCancellationRequested;)
        {
            var entries = outbox.TakeOldest(DeadLetterChunkBytes);
            if (entries.Count == 0)
                break;
            left += entries.Count;
            works = await WriteLettersAsync(entries, deadLetters, cancellationToken);
        }

        left += outbox.Drop();
        if (waited.IsCompletedSuccessfully)
            _letters.Release();
        return left;
    }

    /// <summary>Deletes the files of the dropped payloads. Called after <see cref="GiveUpAsync"/>, if there is time.</summary>
    public Task DeleteGivenUpAsync(CancellationToken cancellationToken) => outbox.DeleteGivenUpAsync(cancellationToken);

    /// <summary>
    /// Writes payloads as dead letters, and counts each of them whatever happens. Returns false when the writer threw because of a bug and must not be
    /// called again.
    /// </summary>
    private async Task<bool> WriteLettersAsync(IReadOnlyList<OutboxEntry> entries, IDeadLetters deadLetters, CancellationToken cancellationToken)
    {
        var works = true;
        for (var at = 0; at < entries.Count;)
        {
            var (loaded, next) = await LoadAsync(entries, at, cancellationToken);
            at = next;
            var written = Array.Empty<bool>();
            try
            {
                if (works && loaded.Count > 0 && !cancellationToken.IsCancellationRequested)
                    written = await deadLetters.WriteAsync([.. loaded.Select(static entry => new UndeliveredPayload(entry.Payload, entry.UndeliveredReason))], cancellationToken);
            }
            catch (Exception exception)
            {
                Log.Warn($"writing dead letters failed: {exception.GetType().Name}");
                // Too little memory is not a bug: every chunk that is done makes room for the next.
                works = exception is OutOfMemoryException;
            }

            for (var i = 0; i < loaded.Count; i++)
                outbox.Resolve(loaded[i], isDeadLettered: i < written.Length && written[i]);
        }

        return works;
    }

    /// <summary>Loads as many entries as memory allows, from an index on. Drops those that cannot be loaded. Returns the next index.</summary>
    private async Task<(List<OutboxEntry> Loaded, int Next)> LoadAsync(IReadOnlyList<OutboxEntry> entries, int at, CancellationToken cancellationToken)
    {
        var loaded = new List<OutboxEntry>();
        for (; at < entries.Count; at++)
        {
            try
            {
                if (await outbox.LoadAsync(entries[at], cancellationToken))
                    loaded.Add(entries[at]);
            }
            catch (OutOfMemoryException) when (loaded.Count > 0)
            {
                // There is room again once the loaded entries are written.
                return (loaded, at);
            }
            catch (Exception exception)
            {
                // An entry that cannot be loaded, for lack of memory or time, affects only itself.
                if (exception is not OperationCanceledException)
                    Log.Warn($"reading an undelivered payload back failed: {exception.GetType().Name}");
                outbox.Resolve(entries[at], isDeadLettered: false);
            }
        }

        return (loaded, at);
    }
}
