using TelemetryExtension.Flushing;

namespace TelemetryExtension.Tests.Flushing;

public sealed class FlushBudgetTests
{
    private static readonly TimeSpan Ceiling = TimeSpan.FromMilliseconds(300);
    private readonly ManualTimeProvider _time = new();
    private readonly FlushBudget _budget = new(Ceiling);

    [Fact]
    public void AfterRuntimeDone_NothingMeasured_IsTheCeiling() => Assert.Equal(Ceiling, After());

    [Fact]
    public void AfterRuntimeDone_NearTheDeadline_IsWhatIsLeft() => Assert.Equal(TimeSpan.FromMilliseconds(120), After(deadlineMs: 120));

    [Fact]
    public void AfterRuntimeDone_FastBackend_GivesUpSoonerThanTheCeiling()
    {
        for (var i = 0; i < 50; i++)
            _budget.Finished(TimeSpan.FromMilliseconds(60 + (i % 3)), nothingWaits: true);

        Assert.InRange(After(), TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(90));
    }

    [Fact]
    public void AfterRuntimeDone_VeryFastBackend_StillToleratesAHiccup()
    {
        for (var i = 0; i < 50; i++)
            _budget.Finished(TimeSpan.FromMilliseconds(2), nothingWaits: true);

        Assert.Equal(TimeSpan.FromMilliseconds(50), After());
    }

    [Fact]
    public void CutOff_AgainAndAgain_DoublesUpToTheCeilingAndAFinishedOneEndsIt()
    {
        for (var i = 0; i < 50; i++)
            _budget.Finished(TimeSpan.FromMilliseconds(60), nothingWaits: true);
        var usual = After();

        _budget.CutOff();
        Assert.Equal(2 * usual, After());
        for (var i = 0; i < 100; i++)
            _budget.CutOff();
        Assert.Equal(Ceiling, After());
        _budget.Finished(TimeSpan.FromMilliseconds(60), nothingWaits: true);
        Assert.InRange(After(), TimeSpan.FromMilliseconds(60), 1.1 * usual);
    }

    /// <summary>A large payload was cut off and waits for its next attempt. Meanwhile small flushes finish.</summary>
    [Fact]
    public void Finished_WhilePayloadsWait_KeepsTheLongerTime()
    {
        for (var i = 0; i < 50; i++)
            _budget.Finished(TimeSpan.FromMilliseconds(60), nothingWaits: true);
        var usual = After();

        _budget.CutOff();
        _budget.Finished(TimeSpan.FromMilliseconds(60), nothingWaits: false);
        Assert.InRange(After(), 1.9 * usual, 2 * usual);
        _budget.Finished(TimeSpan.FromMilliseconds(60), nothingWaits: true);
        Assert.InRange(After(), TimeSpan.FromMilliseconds(60), usual);
    }

    [Fact]
    public void OverheadReported_MoreThanTheHoldTime_ReducesTheBudgetButLeavesAQuarter()
    {
        for (var i = 0; i < 100; i++)
        {
            _budget.RecordHoldTime(TimeSpan.FromMilliseconds(10));
            _budget.OverheadReported(TimeSpan.FromMilliseconds(35));
        }

        Assert.InRange(_budget.UnobservedOverhead, TimeSpan.FromMilliseconds(24), TimeSpan.FromMilliseconds(25));
        Assert.InRange(After(), TimeSpan.FromMilliseconds(275), TimeSpan.FromMilliseconds(276));
        for (var i = 0; i < 100; i++)
            _budget.OverheadReported(TimeSpan.FromSeconds(2));
        Assert.Equal(Ceiling / 4, After());
    }

    private TimeSpan After(int deadlineMs = 60_000) => _budget.AfterRuntimeDone(
        Deadline.OfInvoke(_time.GetUtcNow().ToUnixTimeMilliseconds() + deadlineMs, TimeSpan.Zero, _time));
}
