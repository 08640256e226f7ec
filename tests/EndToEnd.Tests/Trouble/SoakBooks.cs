using System.Globalization;
using System.Text;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Trouble;

/// <summary>Records one run of the soak, and checks what must hold at its end.</summary>
/// <param name="lines">The number of lines from the functions and Lambda since the start.</param>
internal sealed class SoakBooks(Func<int> lines)
{
    private const int NotesKept = 60;

    private readonly Queue<string> _lately = new();
    private readonly List<(int Life, string RequestId)> _requests = [];

    /// <summary>The allowed reasons for lost records. A fault has to add them.</summary>
    private readonly HashSet<string> _mayLose = [];
    private readonly HashSet<int> _killed = [];

    private int _linesBefore;
    private int _linesOfKilled;

    public int Invocations { get; set; }

    /// <summary>Generations that ended with a SHUTDOWN and had a successor.</summary>
    public int Resets { get; private set; }

    public int Kills => _killed.Count;

    /// <summary>Every generation that was not killed logs its ledger.</summary>
    public int Ledgers => 1 + Resets;

    public IEnumerable<string> Lately => _lately;

    private int Life => Resets + Kills;

    public void Note(string what)
    {
        _lately.Enqueue($"  {Invocations}: {what}");
        if (_lately.Count > NotesKept)
            _lately.Dequeue();
    }

    public void Ended(InvocationResult result) => _requests.Add((Life, result.RequestId));

    public void Reset()
    {
        Resets++;
        _linesBefore = lines();
    }

    public void Killed()
    {
        _killed.Add(Life);
        _linesOfKilled += lines() - _linesBefore;
        _linesBefore = lines();
    }

    public void MayLose(string reason) => _mayLose.Add(reason);

    public string Report(Outcome outcome, SoakPlace place, int seed)
    {
        var report = new StringBuilder().AppendLine(
            CultureInfo.InvariantCulture, $"seed {seed} ({place}): {Invocations} invocations, {Resets + Kills + 1} lives, {Kills} of them killed");
        foreach (var (name, account) in outcome.Ledger.Accounts)
            report.AppendLine(CultureInfo.InvariantCulture, $"  {name} {Describe(account)}");
        return report.ToString();
    }

    public void Check(Outcome outcome, LambdaUnderTest lambda, SoakPlace place)
    {
        Assert.Equal(0, outcome.Ledger.Events.Dropped);
        Assert.Empty(place.LeftInFiles);
        var letters = DeadLetterReading.ReadAll(outcome.DeadLetters);
        foreach (var (name, account) in outcome.Ledger.Accounts.Where(account => account.Name != "events"))
        {
            var lost = account.Rejected > 0 ? account.DroppedBy.Keys.Append("rejected") : account.DroppedBy.Keys;
            Assert.True(lost.All(_mayLose.Contains), $"{name}: {Describe(account)}, but no fault says so");

            // All exported records arrived. A request that was repeated under its id counts once.
            var arrived = lambda.Backend.Requests.Where(request => string.Equals(request.Signal.ToString(), name, StringComparison.OrdinalIgnoreCase) && request.AcceptedItems > 0)
                .GroupBy(request => request.Headers[FaultRun.BatchId]).Sum(batch => batch.Max(request => request.AcceptedItems));
            Assert.True(arrived >= account.Exported, $"{name}: {Describe(account)}, but {arrived} arrived");

            // A letter is a whole payload, and the backend may have a part of it.
            var written = letters.Where(letter => letter.Signal == name).Sum(letter => letter.Records);
            Assert.True(written >= account.DeadLettered, $"{name}: {Describe(account)}, but {written} written");
        }

        // A killed generation loses what it had in memory, and what it made of earlier generations' files. That number is unknown.
        var ledgers = lambda.ExtensionLines.Where(line => line.StartsWith(LedgerReading.Prefix, StringComparison.Ordinal))
            .Select(line => LedgerReading.Read(line, mayBeSpooled: true)).ToList();
        CheckSpans(outcome, letters, Kills == 0 ? 0 : ledgers.Sum(ledger => ledger.Traces.Spooled));
        CheckLines(outcome.Ledger.Logs, Kills == 0 ? 0 : ledgers.Sum(ledger => ledger.Logs.Spooled));
    }

    /// <summary>Checks that every line became exactly one log record.</summary>
    private void CheckLines(AccountReading logs, long passedOn) => Assert.True(
        logs.Received <= lines() && logs.Received >= lines() - _linesOfKilled - passedOn,
        $"{Describe(logs)}, of {lines()} lines, {_linesOfKilled} in killed lives, {passedOn} passed on");

    /// <summary>Checks that no span is invented and that the ledger counts every missing one as lost.</summary>
    private void CheckSpans(Outcome outcome, IEnumerable<DeadLetterReading> letters, long passedOn)
    {
        var traces = outcome.Ledger.Traces;
        var kept = outcome.Spans.Concat(letters.SelectMany(letter => letter.Spans)).DistinctBy(span => (span.TraceId, span.SpanId)).ToList();
        Assert.True(kept.Count >= traces.Exported + traces.DeadLettered, $"{Describe(traces)}, but there are {kept.Count} different spans");
        var ids = _requests.Select(request => request.RequestId).ToHashSet();
        var found = kept.Where(span => span.Kind == Span.Types.SpanKind.Server).Select(span => span.Text("faas.invocation_id") ?? "").ToHashSet();
        Assert.Empty(found.Except(ids));
        var missing = _requests.Where(request => !_killed.Contains(request.Life) && !found.Contains(request.RequestId)).ToList();
        Assert.True(
            missing.Count <= traces.Rejected + traces.Dropped + passedOn,
            $"{missing.Count} of {ids.Count} invocations have no span, but {Describe(traces)}, {passedOn} passed on: {string.Join(", ", missing)}");
        if (Kills > 0)
            return;
        Assert.InRange(kept.Count, 1, traces.Received);
        Assert.True(traces.Received >= ids.Count, $"{Describe(traces)}, of {ids.Count} invocations");
    }

    private static string Describe(AccountReading account) => string.Create(
        CultureInfo.InvariantCulture,
        $"received {account.Received}, exported {account.Exported}, rejected {account.Rejected}, dead letters {account.DeadLettered}, dropped {account.Dropped} ")
        + string.Join(' ', account.DroppedBy);
}
