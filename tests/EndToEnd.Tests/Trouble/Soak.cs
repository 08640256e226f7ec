using System.Globalization;
using System.Text;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// Invocations of random size under random faults, all out of one seed: backend troubles, outages, freezes, failing handlers, resets of the
/// environment. Every invocation must end as its function meant it, and the ledgers of all lives must add up with what the backend took.
/// </summary>
internal sealed class Soak(int seed, TimeSpan duration)
{
    private const int OutcomesKept = 40;

    private readonly Random _random = new(seed);
    private readonly Queue<string> _lately = new();
    private readonly HashSet<string> _requests = [];
    private int _lives = 1;
    private int _number;

    public async Task RunAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var strategy = Pick("end", "periodic", "continuous", "adaptive");
        var protocol = Pick("http/protobuf", "grpc");
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { KeepBodies = false }, options => options with { MemorySizeMb = 256, Timeout = TimeSpan.FromSeconds(3) },
            (FaultRun.Strategy, strategy), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "1"));
        var end = TimeProvider.System.GetTimestamp() + (long)(duration.TotalSeconds * TimeProvider.System.TimestampFrequency);
        try
        {
            while (TimeProvider.System.GetTimestamp() < end)
                await RoundAsync(lambda, cancellation);
            lambda.Backend.Respond = null;
            await lambda.Backend.ResumeAsync(cancellation);
            Note("the end");
            // After a crash there is no environment to shut down until somebody invokes.
            _requests.Add((await lambda.InvokeAsync(FaultRun.Order("last"))).RequestId);
            var outcome = await lambda.EndAsync(_lives, mayRepeat: true);
            CheckLedger(outcome);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(
                $"The soak with seed {seed} ({strategy}, {protocol}) failed at invocation {_number}; before that:\n{string.Join('\n', _lately)}", error);
        }
    }

    private async Task RoundAsync(LambdaUnderTest lambda, CancellationToken cancellation)
    {
        await ChangeBackendAsync(lambda, cancellation);
        for (var left = _random.Next(1, 15); left > 0; left--)
            await InvokeAsync(lambda, cancellation);
        if (_random.Next(4) == 0)
            await lambda.Sandbox.FreezeForAsync(TimeSpan.FromMilliseconds(_random.Next(1, 300)), cancellation);
    }

    private async Task ChangeBackendAsync(LambdaUnderTest lambda, CancellationToken cancellation)
    {
        var seconds = TimeSpan.FromSeconds(1);
        var (name, fault) = _random.Next(12) switch
        {
            0 => ("reset", Fault.Reset),
            1 => ("hang", Fault.HangBeforeHeaders),
            2 => ("hang in the body", Fault.HangMidBody.ButTaken()),
            3 => ("503", Fault.Http(503, retryAfter: seconds)),
            4 => ("429", Fault.Http(429)),
            5 => ("slow", Fault.Slow(TimeSpan.FromMilliseconds(_random.Next(1, 600)))),
            6 => ("400", Fault.Http(400, "no")),
            7 => ("partial success", Fault.PartialSuccess(1, "one of them")),
            8 => ("goaway", Fault.GoAway()),
            9 => ("taken, but said badly", Fault.CloseAfterHeaders.ButTaken()),
            _ => ("none", Fault.None),
        };
        var every = _random.Next(1, 4);
        var seen = 0;
        lambda.Backend.Respond = _ => Interlocked.Increment(ref seen) % every == 0 ? fault : Fault.None;
        Note($"backend: {name} for every {every}. request");
        if (_random.Next(5) == 0)
        {
            Note("backend: gone");
            await lambda.Backend.PauseAsync(cancellation);
        }
        else
        {
            await lambda.Backend.ResumeAsync(cancellation);
        }
    }

    private async Task InvokeAsync(LambdaUnderTest lambda, CancellationToken cancellation)
    {
        _number++;
        var lines = _random.Next(10) == 0 ? _random.Next(2000) : _random.Next(20);
        var more = string.Create(CultureInfo.InvariantCulture, $",\"logLines\":{lines},\"logBytes\":{_random.Next(10, 1500)},\"sleepMs\":{_random.Next(20)}");
        var options = new InvokeOptions
        {
            WhileRunning = _random.Next(10) == 0 ? _ => lambda.Sandbox.FreezeForAsync(TimeSpan.FromMilliseconds(_random.Next(1, 100)), cancellation) : null,
        };
        switch (_random.Next(60))
        {
            case 0:
                Note("crash");
                _lives++;
                _requests.Add((await lambda.InvokeToErrorAsync(FaultRun.Order($"{_number}", more + ",\"crash\":true"), "Runtime.ExitError", options)).RequestId);
                break;
            case < 4:
                Note("error");
                _requests.Add((await lambda.InvokeToErrorAsync($"{{\"order\":{{\"id\":\"{_number}\",\"fail\":true}}{more}}}", "Function.PaymentDeclined", options)).RequestId);
                break;
            default:
                Note($"invoke {lines} lines");
                _requests.Add((await lambda.InvokeAsync(FaultRun.Order($"{_number}", more), options)).RequestId);
                break;
        }
    }

    private void CheckLedger(Outcome outcome)
    {
        var report = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"seed {seed}: {_number} invocations, {_lives} lives");
        foreach (var (name, account) in outcome.Ledger.Accounts)
            report.AppendLine(CultureInfo.InvariantCulture, $"  {name} {account} {string.Join(' ', account.DroppedBy)}");
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        Console.WriteLine(report);

        // What a fault of this run can cost, and no other reason; at the bounds of the buffers nothing was to be lost at this size.
        string[] allowed = ["refused", "shutdown"];
        foreach (var (name, account) in outcome.Ledger.Accounts)
            Assert.True(account.DroppedBy.Keys.All(allowed.Contains), $"{name}: {string.Join(", ", account.DroppedBy)}");
        // Without an event lost, every invocation has become a span that was received.
        Assert.True(outcome.Ledger.Traces.Received >= _requests.Count, $"{outcome.Ledger.Traces.Received} spans of {_requests.Count} invocations");
        Assert.True(outcome.Ledger.Logs.Received >= _requests.Count, $"{outcome.Ledger.Logs.Received} logs of {_requests.Count} invocations");
        Assert.Equal(0, outcome.Ledger.Events.Dropped);
    }

    private void Note(string what)
    {
        _lately.Enqueue($"  {_number}: {what}");
        if (_lately.Count > OutcomesKept)
            _lately.Dequeue();
    }

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
