using System.Net;
using System.Net.Sockets;

namespace TelemetryExtension.Network;

/// <summary>
/// Connects to the first of several addresses that answers (RFC 8305, "Happy Eyeballs"). Attempts start one after another with a short delay, or at
/// once when an attempt has failed. The first connection wins. The race cancels all other attempts and disposes the connections that they still open.
/// </summary>
internal static class AddressRace
{
    /// <summary>The shortest delay that RFC 8305 (5) recommends: a flush has little time.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Shorter, because more addresses may be dead once a second attempt was necessary.</summary>
    public static readonly TimeSpan NextDelay = TimeSpan.FromMilliseconds(50);

    /// <param name="addresses">At least one, in order of preference.</param>
    /// <param name="connectAsync">One attempt. It disposes what it opened when it fails or is cancelled.</param>
    /// <param name="lost">Called for each address whose attempt failed, or did not finish before another address won or the race ended.</param>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    /// <exception cref="Exception">All attempts failed. This is the most informative exception.</exception>
    public static async Task<(IPAddress Address, T Connection)> RunAsync<T>(
        IReadOnlyList<IPAddress> addresses, Func<IPAddress, CancellationToken, Task<T>> connectAsync, Action<IPAddress> lost, TimeProvider time,
        CancellationToken cancellationToken)
        where T : IDisposable
    {
        if (addresses.Count == 1)
            return (addresses[0], await connectAsync(addresses[0], cancellationToken).ConfigureAwait(false));
        using var race = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<(IPAddress Address, Task<T> Attempt)>(addresses.Count);
        Exception? failure = null;
        try
        {
            for (var started = 0; started < addresses.Count || running.Count > 0;)
            {
                if (started < addresses.Count)
                    running.Add((addresses[started], connectAsync(addresses[started++], race.Token)));
                await WaitAsync(running, started == addresses.Count ? Timeout.InfiniteTimeSpan : started == 1 ? FirstDelay : NextDelay, time, cancellationToken)
                    .ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (running.Find(static each => each.Attempt.IsCompletedSuccessfully) is { Attempt: { } attempt } winner)
                {
                    running.Remove(winner);
                    return (winner.Address, await attempt.ConfigureAwait(false));
                }

                foreach (var failed in running.FindAll(static each => each.Attempt.IsCompleted))
                {
                    running.Remove(failed);
                    lost(failed.Address);
                    failure = Clearer(failure, failed.Attempt.Exception?.InnerException);
                }
            }

            throw failure ?? new SocketException((int)SocketError.TimedOut);
        }
        finally
        {
            race.Cancel();
            foreach (var (address, attempt) in running)
            {
                lost(address);
                _ = DiscardAsync(attempt);
            }
        }
    }

    /// <summary>Returns when an attempt has ended or when it is time for the next one.</summary>
    private static async Task WaitAsync<T>(List<(IPAddress Address, Task<T> Attempt)> running, TimeSpan delay, TimeProvider time, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny([Task.Delay(delay, time, enough.Token), .. running.Select(static each => each.Attempt)]).ConfigureAwait(false);
        enough.Cancel();
    }

    /// <summary>Prefers the more informative error: an address family without a route on this machine hides what is wrong with the other.</summary>
    private static Exception? Clearer(Exception? first, Exception? second) =>
        first is null or SocketException { SocketErrorCode: SocketError.NetworkUnreachable or SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable }
            ? second ?? first
            : first;

    private static async Task DiscardAsync<T>(Task<T> attempt)
        where T : IDisposable
    {
        await ((Task)attempt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (attempt.IsCompletedSuccessfully)
            (await attempt.ConfigureAwait(false)).Dispose();
    }
}
