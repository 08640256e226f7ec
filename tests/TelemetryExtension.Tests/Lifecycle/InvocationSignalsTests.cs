using TelemetryExtension.Lifecycle;

namespace TelemetryExtension.Tests.Lifecycle;

public sealed class InvocationSignalsTests
{
    private readonly InvocationSignals _signals;
    private readonly List<(string Id, bool Failed)> _done = [];
    private readonly List<(string Id, bool Failed)> _reportedOnly = [];

    public InvocationSignalsTests() => _signals = new((id, failed) => _done.Add((id, failed)), (id, failed) => _reportedOnly.Add((id, failed)));

    [Fact]
    public void RuntimeDone_AnotherRequest_DoesNotEndTheWait()
    {
        var wait = _signals.RuntimeDoneAsync("mine");

        _signals.RuntimeDone("earlier", false);
        _signals.RuntimeDone(null, false);
        Assert.False(wait.IsCompleted);
        _signals.RuntimeDone("mine", false);

        Assert.True(wait.IsCompleted);
    }

    [Fact]
    public void RuntimeDone_BeforeAnybodyWaits_IsRemembered()
    {
        for (var i = 0; i < 1000; i++)
            _signals.RuntimeDone($"{i}", false);

        Assert.True(_signals.RuntimeDoneAsync("999").IsCompleted);
        Assert.True(_signals.RuntimeDoneAsync("990").IsCompleted);
    }

    [Fact]
    public void Report_RuntimeDoneLost_EndsTheWaitForIt()
    {
        var wait = _signals.RuntimeDoneAsync("1");

        _signals.Reported("1", false);

        Assert.True(wait.IsCompleted);
    }

    [Fact]
    public void RuntimeDone_EventRepeatedUnderItsId_CountsOncePerRun()
    {
        _signals.RuntimeDone("retried", true);
        _signals.Reported("retried", true);
        var second = _signals.RuntimeDoneAsync("retried");
        Assert.False(second.IsCompleted);

        _signals.RuntimeDone("retried", false);
        Assert.True(second.IsCompleted);
        // The run is so short that its runtimeDone arrives before the loop waits.
        Assert.True(_signals.RuntimeDoneAsync("retried").IsCompleted);
    }

    [Fact]
    public void Handled_EventRepeatedBeforeItsReport_WaitsForItsOwnEnd()
    {
        _signals.RuntimeDone("retried", true);
        _signals.Handled("retried");
        var second = _signals.RuntimeDoneAsync("retried");
        _signals.Reported("retried", true);
        Assert.False(second.IsCompleted);
        Assert.Empty(_reportedOnly);

        _signals.RuntimeDone("retried", false);
        Assert.True(second.IsCompleted);
    }

    [Fact]
    public void Ends_AreReportedOnceWithTheirStatus()
    {
        _signals.RuntimeDone("on demand", true);
        _signals.Reported("on demand", true);
        _signals.Reported("managed, bad", true);
        _signals.Reported("managed, good", false);
        _signals.Reported(null, true);

        Assert.Equal([("on demand", true)], _done);
        Assert.Equal([("managed, bad", true), ("managed, good", false)], _reportedOnly);
    }

    [Fact]
    public void Report_OfThisRequestOnly_EndsItsWait()
    {
        var wait = _signals.ReportedAsync("mine");

        _signals.Reported("earlier", false);
        _signals.RuntimeDone("mine", false);
        Assert.False(wait.IsCompleted);
        _signals.Reported("mine", false);

        Assert.True(wait.IsCompleted);
        Assert.True(_signals.ReportedAsync("earlier").IsCompleted);
    }
}
