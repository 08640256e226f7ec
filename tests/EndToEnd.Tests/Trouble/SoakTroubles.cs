using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>The faults around the environment in each round of the soak: the backend's answers, the network, the disk.</summary>
internal sealed class SoakTroubles(OtlpBackend backend, SoakPlace place, Random random, SoakBooks books)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public async Task ChangeAsync(CancellationToken cancellation)
    {
        var (name, script) = Answers();
        backend.Respond = script;
        books.Note($"backend: {name}");
        await ChangeWayAsync(random.Next(10), random.Next(3), cancellation);
        var full = random.Next(3) == 0;
        if (!place.HasDisk)
            return;
        place.FillDisk(full);
        if (full)
            books.Note("disk: full");
        // The disk is small, so it may become full by itself.
        if (place.HasSmallMemory)
            books.MayLose("shed");
    }

    public async Task EndAsync(CancellationToken cancellation)
    {
        backend.Respond = null;
        await ChangeWayAsync(way: 9, bad: 0, cancellation);
        if (place.HasDisk)
            place.FillDisk(false);
    }

    private async Task ChangeWayAsync(int way, int bad, CancellationToken cancellation)
    {
        if (way < 2)
        {
            books.Note("backend: gone");
            await backend.PauseAsync(cancellation);
            return;
        }

        var certificate = way < 5 && place.Good is not null ? place.Bad[bad].Certificate : place.Good;
        if (certificate != backend.Certificate)
            await backend.PauseAsync(cancellation);
        backend.Certificate = certificate;
        if (certificate != place.Good)
            books.Note($"backend: a certificate {place.Bad[bad].Trouble}");
        await backend.ResumeAsync(cancellation);
    }

    private (string Name, Func<ReceivedRequest, Fault> Script) Answers()
    {
        var (kind, every, milliseconds, limit) = (random.Next(24), random.Next(1, 4), random.Next(1, 600), random.Next(2_000, 60_000));
        // A request that is too large is split until it fits. One that is refused for an unrelated reason becomes a dead letter where there is room.
        if (kind == 8 ? place.FindsBadRequests || place.HasSmallMemory : kind is 13 or 14 or 15 && place.HasSmallMemory)
            books.MayLose("refused");
        // Only a partial success rejects records.
        if (kind == 9)
            books.MayLose("rejected");
        if (kind == 0)
        {
            var tooLarge = place.IsGrpc ? Fault.Grpc(8, "too large") : Fault.Http(413, "too large");
            return ($"no request above {limit} bytes", request => request.Body.Length > limit ? tooLarge : Fault.None);
        }

        var (name, fault) = kind switch
        {
            1 => ("reset", Fault.Reset),
            2 => ("hang", Fault.HangBeforeHeaders),
            3 => ("hang in the body", Fault.HangMidBody.ButTaken()),
            4 => ("503", Fault.Http(503, retryAfter: Second)),
            5 => ("429", Fault.Http(429)),
            6 or 7 => ($"slow, {milliseconds} ms", Fault.Slow(TimeSpan.FromMilliseconds(milliseconds))),
            8 when place.FindsBadRequests => ("400", Fault.Http(400, "no")),
            8 => ("403", Fault.Http(403, "no")),
            9 => ("partial success", Fault.PartialSuccess(1, "one of them")),
            10 => ("goaway", Fault.GoAway()),
            11 => ("goaway after the answer", Fault.LastOnConnection),
            12 => ("taken, but said badly", Fault.CloseAfterHeaders.ButTaken()),
            13 => ("500", Fault.Http(500, "broken")),
            14 when every == 1 => ("404", Fault.Http(404, "nobody here")),
            14 => ("401", Fault.Http(401, "who are you")),
            15 => ("internal", Fault.Grpc(13, "broken")),
            16 => ("unavailable", Fault.Grpc(14, "later", TimeSpan.FromMilliseconds(milliseconds))),
            17 => ("exhausted", Fault.Grpc(8, "slow down", TimeSpan.FromMilliseconds(milliseconds))),
            18 => ("rst_stream", Fault.ResetStream()),
            19 => ("rst_stream, but taken", Fault.ResetStream(2).ButTaken()),
            _ => ("well", Fault.None),
        };
        var seen = 0;
        return ($"{name}, every {every}. request", _ => Interlocked.Increment(ref seen) % every == 0 ? fault : Fault.None);
    }
}
