using System.Text;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class FailureCauseTests
{
    private const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    private const string Killed = "Runtime exited with error: signal: killed";
    private readonly InvocationTracker _tracker = new("orders");

    [Theory]
    [InlineData("error", "Runtime.ExitError", Killed, "Runtime.OutOfMemory")]
    [InlineData("error", "Runtime.ExitError", "Runtime exited with error: exit status 1", "Runtime.ExitError")]
    [InlineData("error", "Runtime.OutOfMemory", null, "Runtime.OutOfMemory")]
    [InlineData("timeout", null, Killed, "timeout")]
    [InlineData("error", "Function.TypeError", "no items", "Function.TypeError")]
    public void RuntimeDone_Failed_NamesTheCause(string status, string? reported, string? line, string expected)
    {
        Run(status, reported, line);

        Assert.Equal((expected, line), (_tracker.Spans[0].Error, _tracker.Spans[0].Description));
        Assert.Equal(expected, _tracker.Facts.OfType<InvocationFact.Finished>().Single().ErrorType);
        Assert.Equal(expected == "Runtime.OutOfMemory" ? ["Runtime.OutOfMemory"] : [], _tracker.Notes.Select(note => note.ErrorType));
    }

    [Fact]
    public void Success_AfterALineAboutAFailure_HasNoDescription()
    {
        Run("success", null, "an exception of something else");

        Assert.Equal((null, null), (_tracker.Spans[0].Error, _tracker.Spans[0].Description));
    }

    [Theory]
    [InlineData(127, "Runtime.ExitError")]
    [InlineData(128, "Runtime.OutOfMemory")]
    public void Report_WithoutRuntimeDone_NamesTheCauseByTheMemory(long used, string expected)
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), null));
        _tracker.Apply(Report("error", "Runtime.ExitError", used));

        Assert.Equal(expected, _tracker.Spans[0].Error);
    }

    [Theory]
    [InlineData("error", "Runtime.ExitError", "error", "Runtime.ExitError", 128, "Runtime.OutOfMemory")]
    [InlineData("error", "Runtime.ExitError", "error", "Runtime.ExitError", 64, null)]
    [InlineData("success", null, "success", null, 128, null)]
    [InlineData("success", null, "error", "Extension.Crash", 64, "Extension.Crash")]
    [InlineData("error", "Function.E", "error", "Extension.Crash", 64, null)]
    public void Report_AfterTheSpanHasLeft_TellsWhatItAdds(string status, string? reported, string later, string? laterType, long used, string? told)
    {
        Run(status, reported, null);
        _tracker.Apply(Report(later, laterType, used));

        Assert.Equal(told is null ? [] : [told], _tracker.Notes.Select(note => note.ErrorType));
        Assert.All(_tracker.Notes, note => Assert.Equal(Id, note.Invocation.RequestId));
    }

    [Fact]
    public void Description_OfALongMessage_EndsAtACharacter()
    {
        Run("error", "Function.E", new string('x', 1023) + "ü");

        Assert.Equal(new string('x', 1023), _tracker.Spans[0].Description);
    }

    private void Run(string status, string? reported, string? line)
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), null));
        if (line is not null)
            _tracker.OnFailure(_tracker.OpenAt(Ms(1001))!, Encoding.UTF8.GetBytes(line));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, status, reported));
    }

    private static PlatformEvent.Report Report(string status, string? errorType, long usedMb) =>
        new(Ms(2000), Id, status, errorType, new(250, 250, 128, usedMb), [], default, null);

    private static long Ms(long ms) => ms * 1_000_000;
}
