using TelemetryExtension.Diagnostics;
using TelemetryExtension.Network;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Delivery;

/// <summary>What becomes of what no destination took: files for the next generation, or dead letters.</summary>
internal sealed partial class Deliverer
{
    /// <summary>How long the end waits for dead letters that are still being written: a log that does not answer must not cost those that are left.</summary>
    private static readonly TimeSpan LetLettersFinish = TimeSpan.FromMilliseconds(100);

    /// <summary>Dead letters are handed over in pieces of this size, since spooled payloads have to come back into memory for it.</summary>
    private const int DeadLetterChunkBytes = 2 * 1024 * 1024;

    private readonly SemaphoreSlim _letters = new(1);
    private readonly CancellationTokenSource _lettersEnd = new();

    /// <summary>Whether payloads past their limits wait for <see cref="WriteExpiredAsync"/>.</summary>
    public bool HasExpired => outbox.HasExpired;

    /// <summary>
    /// Hands payloads past their limits to the dead letters; those they do not take are dropped. Returns at once when another call is at it.
    /// May be frozen in the middle and goes on afterwards.
    /// </summary>
    public async Task WriteExpiredAsync(IDeadLetters deadLetters, CancellationToken cancellationToken)
    {
        if (!await _letters.WaitAsync(0, CancellationToken.None))
            return;
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lettersEnd.Token);
            while (!end.IsCancellationRequested && outbox.TakeExpired(DeadLetterChunkBytes) is { Count: > 0 } entries)
                await HandOverAsync(entries, deadLetters, end.Token);
        }
        finally
        {
            _letters.Release();
        }
    }

    /// <summary>Before a reset, and before <see cref="GiveUpAsync"/>: leaves to the next generation what files can hold. Answers how many payloads that are.</summary>
    public Task<int> LeaveInFilesAsync(CancellationToken cancellationToken) => outbox.LeaveInFilesAsync(cancellationToken);

    /// <summary>
    /// The end: hands everything undelivered to the dead letters, and counts it as dead-lettered or, where they are missing or fail, as dropped.
    /// The outbox is empty afterwards. Answers the number of payloads that were left.
    /// </summary>
    public async Task<int> GiveUpAsync(IDeadLetters? deadLetters, CancellationToken cancellationToken)
    {
        // Dead letters are written by one at a time; out of time, everything is only counted.
        using var patience = new AttemptTimeout(LetLettersFinish, time, cancellationToken);
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
            works = await HandOverAsync(entries, deadLetters, cancellationToken);
        }

        left += outbox.Drop();
        if (waited.IsCompletedSuccessfully)
            _letters.Release();
        return left;
    }

    /// <summary>After <see cref="GiveUpAsync"/>, when there is time left: deletes the files of what was given up.</summary>
    public Task DeleteGivenUpAsync(CancellationToken cancellationToken) => outbox.DeleteGivenUpAsync(cancellationToken);

    /// <summary>Whatever happens, every one of the payloads is counted; false when the dead letters have a bug and are not to be asked again.</summary>
    private async Task<bool> HandOverAsync(IReadOnlyList<OutboxEntry> entries, IDeadLetters deadLetters, CancellationToken cancellationToken)
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
                    written = await deadLetters.WriteAsync([.. loaded.Select(static entry => entry.Payload)], cancellationToken);
            }
            catch (Exception exception)
            {
                Log.Warn($"writing dead letters failed: {exception.GetType().Name}");
                // Too little memory is no bug: every chunk given up makes room for the next.
                works = exception is OutOfMemoryException;
            }

            for (var i = 0; i < loaded.Count; i++)
                outbox.GivenUp(loaded[i], isDeadLettered: i < written.Length && written[i]);
        }

        return works;
    }

    /// <summary>Reads back as many as memory allows, from a position on. What cannot be read back is given up here. Answers the next position.</summary>
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
                // There is room again once those already loaded are in good hands.
                return (loaded, at);
            }
            catch (Exception exception)
            {
                // One that cannot be read back, for want of memory or time, costs itself only.
                if (exception is not OperationCanceledException)
                    Log.Warn($"reading an undelivered payload back failed: {exception.GetType().Name}");
                outbox.GivenUp(entries[at], isDeadLettered: false);
            }
        }

        return (loaded, at);
    }
}
