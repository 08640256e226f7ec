using System.Diagnostics.CodeAnalysis;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox.Model;

/// <summary>How one generation of the environment ends, and the next begins with its files.</summary>
internal sealed partial class OutboxRun
{
    [MemberNotNull(nameof(_outbox), nameof(_files), nameof(_ledger), nameof(_book), nameof(_check))]
    private void Begin()
    {
        _out.Clear();
        _letters.Clear();
        _ledger = new();
        _book = new(_destinations.Length);
        _check = new(_options, _ledger, _book, _destinations);
        _files = new(_disk) { Midway = Midway };
        _outbox = new(_destinations, _options, new(TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(5)), _ledger, _time, _files, static work => work());
    }

    /// <summary>The process was killed: what it had in memory is gone, and its ledger with it.</summary>
    private void Restart()
    {
        _disk.Dispose();
        Begin();
        var (files, bytes) = (0, 0L);
        // Within their bounds and in the order of their names; a body is looked at when it is needed.
        foreach (var (name, content) in _disk.Content)
        {
            if (MarkedPayload.ReadFile(name, content) is not var (signal, numbers, pending) || bytes + content.Length > _options.SpoolMaxBytes || _options.SpoolMaxBytes == 0)
                continue;
            files++;
            bytes += content.Length;
            _book.Recovered(signal, numbers, [.. _destinations.Select(destination => pending.Contains(destination.Name))]);
            _check.IsDiskTouched |= SpoolFormat.Body(content) is null;
        }

        var recovery = _outbox.RecoverAsync();
        ModelViolationException.Unless(recovery.IsCompletedSuccessfully && recovery.Result == files, "the next generation takes over every whole file");
        _check.AfterAction(_outbox, _disk);
    }

    /// <summary>Lambda resets the environment: everything is answered, and what is left goes to files as far as they have room.</summary>
    private void Reset()
    {
        EndRequests(answers: false);
        _files.Midway = () => _files.IsKilled = _random.Next(8) == 0;
        ModelViolationException.Unless(_outbox.SpoolRemainingAsync(CancellationToken.None).IsCompletedSuccessfully, "leaving files waits for nobody");
        if (_files.IsKilled)
            return;
        while (_outbox.TakeOldest(4_000) is { Count: > 0 } entries)
        {
            _letters.AddRange(entries);
            while (_letters.Count > 0)
                FinishLetter(isWritten: true);
        }

        foreach (var signal in Enum.GetValues<Signal>())
            ModelViolationException.Unless(_ledger[(LedgerAccount)signal].Buffered == 0, "after a reset nothing is buffered");
        var spooled = Enum.GetValues<Signal>().Sum(signal => _ledger[(LedgerAccount)signal].Spooled);
        var after = _disk.Content.Sum(static file => MarkedPayload.ReadFile(file.Key, file.Value)?.Numbers.Count ?? 0);
        ModelViolationException.Unless(_check.IsDiskTouched || after == spooled, "what counts as spooled is what the next generation finds");
        _files.IsKilled = true;
    }

    /// <summary>In half of the runs everything is delivered at last; in the others the environment ends first.</summary>
    private void Finish()
    {
        _files.Midway = static () => { };
        _files.IsFull = false;
        var delivers = _random.Next(2) == 0;
        EndRequests(answers: delivers);
        for (var round = 0; delivers && _outbox.Lanes.Any(_outbox.HasWork); round++)
        {
            ModelViolationException.Unless(round < 1000, "a destination that takes everything gets everything");
            foreach (var lane in _outbox.Lanes)
            {
                _outbox.RefuseWaiting(lane);
                if (_outbox.Take(lane, isLastChance: true) is { } batch)
                    Open(lane, batch);
            }

            EndRequests(answers: true);
            // A signal that was refused for good gets its trial.
            _time.Advance(TimeSpan.FromSeconds(31));
        }

        while ((delivers || _random.Next(4) > 0) && _outbox.TakeOldest(4_000) is { Count: > 0 } entries)
        {
            _letters.AddRange(entries);
            while (_letters.Count > 0)
                FinishLetter(isWritten: delivers || _random.Next(2) == 0);
        }

        GiveUpLetters();
        _outbox.Drop();
        ModelViolationException.Unless(_outbox.DeleteGivenUpAsync(CancellationToken.None).IsCompletedSuccessfully, "deleting waits for nobody");
        _check.AtTheEnd(_outbox, _disk);
        _outbox.Dispose();
    }

    private void EndRequests(bool answers)
    {
        while (_out.Count > 0)
            Answer(0, answers ? new DeliveryResult(DeliveryStatus.Delivered) : null);
        GiveUpLetters();
    }

    private void GiveUpLetters()
    {
        while (_letters.Count > 0)
            FinishLetter(isWritten: true);
    }
}
