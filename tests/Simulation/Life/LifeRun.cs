using System.Globalization;
using Simulation.Time;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Otlp;

namespace Simulation.Life;

/// <summary>
/// The lives of one environment: invocations of every kind, freezes, moods of the backend, resets, kills and the end. All of it follows from a seed, in
/// simulated time. After each invocation the ledger is compared with what was sent.
/// </summary>
internal sealed class LifeRun : IDisposable
{
    /// <summary>No invocation waits longer: the flush budget, and what a busy moment adds.</summary>
    private static readonly TimeSpan MaxHeld = TimeSpan.FromMilliseconds(320);

    private readonly SimulatedClock _clock = new();
    private readonly Random _random;
    private readonly MoodyBackend[] _backends;
    private readonly MemoryFiles _disk = new();
    private readonly LetterBox _letters = new();
    private readonly FlushOptions _flush;
    private readonly OutboxOptions _outbox;
    private readonly List<string> _late = [];
    private Generation _generation;
    private long[] _takenBefore = [];
    private long _lines;
    private long _recovered;
    private int _number;

    public LifeRun(int seed)
    {
        _random = new(seed);
        _backends = [.. Enumerable.Range(0, 1 + _random.Next(2)).Select(i => new MoodyBackend(i == 0 ? "a" : "b", _clock, _random))];
        _flush = new((FlushStrategy)_random.Next(4), TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(60));
        _outbox = new(
            MaxBytes: _random.Next(2) == 0 ? 8_000 : 1 << 20, MaxAge: TimeSpan.FromHours(1), MaxAttempts: 1000, SpoolMaxBytes: _random.Next(2) == 0 ? 30_000 : 1 << 20,
            SpoolDirectory: _disk.Directory, KeepsForDeadLetters: _random.Next(3) > 0);
        _generation = Begin();
    }

    public int Invocations { get; private set; }

    /// <summary>The same for each run of a seed.</summary>
    public HashCode Trace { get; private set; }

    /// <exception cref="LifeViolationException">A promise was broken.</exception>
    public async Task RunAsync(int invocations)
    {
        while (Invocations < invocations)
        {
            if (_random.Next(10) == 0)
                Array.ForEach(_backends, backend => backend.ChangeMood(isGood: _random.Next(3) == 0));
            await InvokeAsync();
            if (_random.Next(60) == 0)
                await ShutDownAsync("timeout");
            else if (_random.Next(80) == 0)
                await KillAsync();
        }

        await ShutDownAsync("spindown");
    }

    public void Dispose()
    {
        _generation.Dispose();
        _disk.Dispose();
    }

    private Generation Begin()
    {
        _takenBefore = Taken();
        _lines = 0;
        _late.Clear();
        return new(_clock, _backends, _disk, _letters, _flush, _outbox, _random);
    }

    private async Task InvokeAsync()
    {
        await Settling.AllAsync();
        _generation.Clock.Freeze();
        var gap = _random.Next(20) switch { 0 => TimeSpan.FromMinutes(_random.Next(1, 50)), < 5 => TimeSpan.FromSeconds(_random.Next(1, 60)), _ => TimeSpan.FromMilliseconds(_random.Next(1, 2000)) };
        _clock.RunUntil(_clock.Now + gap);
        _generation.Thaw();
        var id = $"r{(++Invocations).ToString(CultureInfo.InvariantCulture)}";
        _generation.Events.Answer(new ExtensionEvent.Invoke(id, "arn", null, (_clock.UtcNow + TimeSpan.FromSeconds(10)).ToUnixTimeMilliseconds()));
        await PassAsync(TimeSpan.FromMilliseconds(1));
        _late.ForEach(_generation.Report);
        _late.Clear();
        for (var left = _random.Next(4); left > 0; left--)
        {
            Lines(_random.Next(_random.Next(10) == 0 ? 300 : 5));
            await PassAsync(TimeSpan.FromMilliseconds(_random.Next(_random.Next(15) == 0 ? 3000 : 40)));
        }

        Lines(1);
        _generation.RuntimeDone(id, fails: _random.Next(20) == 0);
        var done = _clock.Now;
        while (!await IsAskedAsync())
            LifeViolationException.Unless(_clock.TryRunNext(done + MaxHeld), $"an invocation waits at most {MaxHeld.TotalMilliseconds} ms");
        if (_random.Next(3) > 0)
            _generation.Report(id);
        else
            _late.Add(id);
        await Settling.AllAsync();
        Check();
    }

    private async Task ShutDownAsync(string reason)
    {
        await Settling.AllAsync();
        _generation.Events.Answer(new ExtensionEvent.Shutdown(reason, (_clock.UtcNow + TimeSpan.FromSeconds(2)).ToUnixTimeMilliseconds()));
        var end = _clock.Now + TimeSpan.FromSeconds(2);
        while (!await HasEndedAsync())
            LifeViolationException.Unless(_clock.TryRunNext(end), "a shutdown ends in time");
        Check();
        var spooled = Lines(static line => line.Spooled);
        LifeViolationException.Unless(Lines(static line => line.Buffered) == 0, "at the end nothing is buffered");
        LifeViolationException.Unless(reason != "spindown" || spooled == 0, "at the end nothing is in files");
        if (reason == "spindown")
            return;
        _generation.Clock.Freeze();
        _generation.Dispose();
        await NextGenerationAsync();
        LifeViolationException.Unless(_recovered == spooled, "the next generation finds what was left in files");
    }

    private async Task KillAsync()
    {
        await Settling.AllAsync();
        _generation.Clock.Freeze();
        _disk.Dispose();
        await NextGenerationAsync();
    }

    private async Task NextGenerationAsync()
    {
        _generation = Begin();
        await Settling.AllAsync();
        _recovered = Lines(static line => line.Received);
    }

    private void Lines(int count)
    {
        for (; count > 0; count--, _lines++)
            _generation.Line(++_number);
    }

    private long Lines(Func<LedgerLine, long> value) => Enum.GetValues<Signal>().Sum(signal => value(_generation.Ledger[(LedgerAccount)signal]));

    private async Task<bool> IsAskedAsync()
    {
        await Settling.AllAsync();
        return _generation.Events.IsAsked;
    }

    private async Task<bool> HasEndedAsync()
    {
        await Settling.AllAsync();
        return _generation.Run.IsCompleted;
    }

    private async Task PassAsync(TimeSpan time)
    {
        var end = _clock.Now + time;
        do
            await Settling.AllAsync();
        while (_clock.TryRunNext(end));
        _clock.RunUntil(end);
    }

    private void Check()
    {
        var (taken, logs) = (Taken(), _generation.Ledger[LedgerAccount.Logs]);
        foreach (var signal in Enum.GetValues<Signal>())
        {
            var line = _generation.Ledger[(LedgerAccount)signal];
            var trace = Trace;
            trace.Add((line.Received, line.Exported, line.Rejected, line.DeadLettered, line.Spooled, line.DroppedTotal, _clock.Now));
            Trace = trace;
            LifeViolationException.Unless(line is { Buffered: >= 0, Spooled: >= 0 }, "nothing is counted twice");
            LifeViolationException.Unless(line.Exported <= taken[(int)signal] - _takenBefore[(int)signal], "exported means taken");
            LifeViolationException.Unless(line.DeadLettered <= _letters.Records[(int)signal], "dead-lettered means written");
        }

        LifeViolationException.Unless(logs.Received >= _lines && logs.Received <= _lines + _recovered, $"every line is received: {logs.Received} of {_lines}");
        LifeViolationException.Unless(_generation.Counts.Bytes <= _outbox.MaxBytes + _outbox.MaxOvershootBytes, "memory keeps its limit");
    }

    /// <summary>By signal. What an earlier generation left in a file may wait for one backend only, so the sum counts.</summary>
    private long[] Taken() => [.. Enum.GetValues<Signal>().Select(signal => _backends.Sum(backend => backend.Taken(signal)))];
}
