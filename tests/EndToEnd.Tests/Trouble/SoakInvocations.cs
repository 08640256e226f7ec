using System.Globalization;
using LambdaSandbox;
using LambdaSandbox.Backend;
using LambdaSandbox.Processes;

namespace EndToEnd.Tests.Trouble;

/// <summary>Runs the invocations of the soak. Most are plain; the others fail, end their environment, or suffer a fault.</summary>
internal sealed class SoakInvocations(LambdaUnderTest lambda, SoakPlace place, Random random, SoakBooks books)
{
    private const string Name = "telemetry-extension";

    /// <summary>Clock jumps in hours. The difference of the first two is less than the age limit of payloads.</summary>
    private static readonly int[] Jumps = [-2, 3, 30 * 24];

    private (int Pid, ProcessClock? Clock) _clock;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task NextAsync()
    {
        books.Invocations++;
        var lines = random.Next(10) == 0 ? random.Next(2000) : random.Next(20);
        var load = string.Create(CultureInfo.InvariantCulture, $",\"logLines\":{lines},\"logBytes\":{random.Next(10, 1500)}");
        var (sleep, freezes, pause) = (random.Next(20), random.Next(10) == 0, TimeSpan.FromMilliseconds(random.Next(1, 100)));
        var (kind, choice, coin) = (random.Next(100), random.Next(3), random.Next(2) == 0);
        var more = string.Create(CultureInfo.InvariantCulture, $"{load},\"sleepMs\":{sleep}");
        Func<Task> hook = freezes ? () => lambda.Sandbox.FreezeForAsync(pause, Cancellation) : () => Task.CompletedTask;
        switch (kind)
        {
            case < 2:
                books.Note($"crash, {lines} lines");
                await ErrorAsync(more + ",\"crash\":true", "Runtime.ExitError", hook);
                books.Reset();
                break;
            case 2:
                books.Note($"timeout, {lines} lines");
                await ErrorAsync(more + ",\"timeout\":true", "Sandbox.Timedout", hook);
                books.Reset();
                break;
            case < 6:
                books.Note($"error, {lines} lines");
                books.Ended(await lambda.InvokeToErrorAsync(
                    $"{{\"order\":{{\"id\":\"{books.Invocations}\",\"fail\":true}}{more}}}", "Function.PaymentDeclined", new() { WhileRunning = _ => hook() }));
                break;
            case 6 when place.HasKills:
                books.Note($"killed in the middle of {lines} lines");
                await ErrorAsync(load + ",\"sleepMs\":1000", "Extension.Crash", KillAsync);
                books.Killed();
                break;
            case 7 when place.HasKills:
                books.Note($"killed after {lines} lines");
                await PlainAsync(more, hook);
                await KillAsync();
                books.Killed();
                break;
            case < 11:
                await FreezeUploadAsync(more, TimeSpan.FromMilliseconds(5 * pause.TotalMilliseconds), connectionDies: coin);
                break;
            case < 14:
                await JumpAsync(more, TimeSpan.FromHours(Jumps[choice]), whileRunning: coin);
                break;
            default:
                books.Note($"{lines} lines");
                await PlainAsync(more, hook);
                break;
        }
    }

    private async Task PlainAsync(string more, Func<Task> hook) =>
        books.Ended(await lambda.InvokeAsync(FaultRun.Order($"{books.Invocations}", more), new() { WhileRunning = _ => hook() }));

    private async Task ErrorAsync(string more, string errorType, Func<Task> hook) =>
        books.Ended(await lambda.InvokeToErrorAsync(FaultRun.Order($"{books.Invocations}", more), errorType, new() { WhileRunning = _ => hook() }));

    private async Task KillAsync()
    {
        if (lambda.Sandbox.Extensions is not [{ ExitCode: null }])
            return;
        lambda.Sandbox.KillExtension(Name);
        await lambda.AwaitEndOfExtensionAsync();
    }

    /// <summary>The first request is answered late, and everything is frozen as soon as it arrives. Its connection may be gone afterwards.</summary>
    private async Task FreezeUploadAsync(string more, TimeSpan pause, bool connectionDies)
    {
        var (backend, before, others, met) = (lambda.Backend, lambda.Backend.Requests.Count, lambda.Backend.Respond, 0);
        backend.Respond = request =>
            Interlocked.Exchange(ref met, 1) == 0 ? Fault.Slow(TimeSpan.FromMilliseconds(200)) : others?.Invoke(request) ?? Fault.None;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = lambda.InvokeAsync(FaultRun.Order($"{books.Invocations}", more));
        var uploading = backend.WaitForAsync(now => now.Requests.Count > before, TimeSpan.FromMinutes(1), ended.Token);
        var isFrozen = await Task.WhenAny(uploading, running) == uploading;
        books.Note(isFrozen ? $"frozen in an upload for {pause.TotalMilliseconds} ms{(connectionDies ? ", the connection dies" : "")}" : "no upload to freeze");
        if (isFrozen)
        {
            var frozen = lambda.Sandbox.FreezeForAsync(pause, Cancellation);
            if (connectionDies)
            {
                await backend.PauseAsync(Cancellation);
                await backend.ResumeAsync(Cancellation);
            }

            await frozen;
        }

        books.Ended(await running);
        await ended.CancelAsync();
        await uploading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        backend.Respond = others;
    }

    private async Task JumpAsync(string more, TimeSpan offset, bool whileRunning)
    {
        // A new process has a new clock, and an ended one has none.
        if (lambda.Sandbox.Extensions is [{ ExitCode: null, Pid: { } pid }] && _clock.Pid != pid)
            _clock = (pid, ProcessClock.TryOf(pid, out _));
        var clock = lambda.Sandbox.Extensions is [{ ExitCode: null }] ? _clock.Clock : null;
        books.Note(clock is null ? "no clock to set" : $"the clock jumps to {offset.TotalHours} hours{(whileRunning ? " in the middle" : "")}");
        // This exceeds the age limit, so everything becomes a dead letter where there is room.
        if (offset > TimeSpan.FromHours(6) && place.HasSmallMemory)
            books.MayLose("expired");
        if (!whileRunning)
            clock?.Set(offset);
        await PlainAsync(more, () =>
        {
            if (whileRunning)
                clock?.Set(offset);
            return Task.CompletedTask;
        });
    }
}
