using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Logs.V1;
using Spectre.Console;

namespace LambdaSandbox.Tests.Backend;

public sealed class TelemetryRendererTests
{
    [Fact]
    public void Write_Everything_MatchesTheSnapshot()
    {
        Snapshot("everything", Render(console =>
            TelemetryRenderer.Write(console, [.. Sample.First, Sample.Overhead, .. Sample.Second], Sample.Logs, Sample.Metrics)));
    }

    [Fact]
    public void Write_NarrowTerminalWithoutUnicode_MatchesTheSnapshot()
    {
        Snapshot("narrow-ascii", Render(
            console => TelemetryRenderer.Write(console, [.. Sample.First, .. Sample.Second], Sample.Logs, Sample.Metrics), width: 80, unicode: false));
    }

    [Fact]
    public void InvocationPrinter_LateSpan_IsShownBeneathWhatWasPrinted()
    {
        var (first, second, logs, late) = (Sample.First, Sample.Second, Sample.Logs, Sample.Overhead);

        Snapshot("as-it-comes", Render(console =>
        {
            var printer = new InvocationPrinter(console);
            Assert.False(printer.Invocation(Sample.FirstInvocation, [], []));
            Assert.True(printer.Invocation(Sample.FirstInvocation, first, logs));
            Assert.True(printer.Invocation(Sample.SecondInvocation, [.. first, .. second], logs));
            printer.Rest([.. first, .. second, late], logs, Sample.Metrics);
        }));
    }

    [Fact]
    public void Write_AnyOrderOfArrival_GivesTheSameText()
    {
        ReceivedSpan[] spans = [.. Sample.First, .. Sample.Second];

        var forward = Render(console => TelemetryRenderer.Write(console, spans, Sample.Logs, Sample.Metrics));
        var backward = Render(console => TelemetryRenderer.Write(
            console, [.. spans.Reverse()], [.. Sample.Logs.Reverse()], [.. Sample.Metrics.Reverse()]));

        Assert.Equal(forward, backward);
    }

    [Fact]
    public void Write_OrphansAndLogsOfATraceWithoutSpans_AreShown()
    {
        var orphan = Sample.Span(Sample.FirstTrace, "c1", "ee", "orphan", 5, 6);

        var text = Render(console => TelemetryRenderer.Write(
            console, [orphan], [Sample.Log(Sample.SecondTrace, "dd", 7, SeverityNumber.Info, "alone")], []));

        Assert.Contains("\norphan ", text, StringComparison.Ordinal);
        Assert.Contains("log records without spans", text, StringComparison.Ordinal);
        Assert.Contains("INFO  alone", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_SpanReceivedTwice_IsShownOnceAndSaysSo()
    {
        var text = Render(console => TelemetryRenderer.Write(console, [Sample.Init, Sample.Init], [], []));

        Assert.Contains("1 span,", text, StringComparison.Ordinal);
        Assert.Contains("received 2 times", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ParentsInACircle_AreAllShown()
    {
        var text = Render(console => TelemetryRenderer.Write(
            console,
            [
                Sample.Span(Sample.FirstTrace, "c1", "c2", "chicken", 0, 1),
                Sample.Span(Sample.FirstTrace, "c2", "c1", "egg", 0, 1),
                Sample.Span(Sample.FirstTrace, "c3", "c3", "self", 0, 1),
                Sample.Span(Sample.FirstTrace, "c4", "c2", "child", 0, 1),
            ],
            [],
            []));

        Assert.All(["chicken ", "egg ", "self ", "child "], name => Assert.Contains(name, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Write_EscapeSequences_DoNotReachTheTerminal()
    {
        var log = Sample.Log("", "", 0, SeverityNumber.Info, "a\u001b[2Jb\u001b]0;title\u0007c\u0008[red]d[/]");

        var text = Render(console => TelemetryRenderer.Write(console, [], [log], []));

        Assert.Contains("abc\uFFFD[red]d[/]", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Theory]
    [InlineData("aaaa bbbb cccc dddd", "aaaa bbbb|cccc dddd")]
    [InlineData("aaaa bbbbb cccc", "aaaa bbbbb|cccc")]
    [InlineData("a bbbbbbbbbbbbbbbb", "a bbbbbbbb|bbbbbbbb")]
    [InlineData("  x\n\ny  ", "  x||y")]
    [InlineData("日本語日本語", "日本語日本|語")]
    public void Wrap_AtTenCells_BreaksBetweenWordsWhereItCan(string text, string lines)
    {
        Assert.Equal(lines.Split('|'), Plain.Wrap(text, 10));
    }

    [Fact]
    public void Wrap_AMegabyteWithoutABreak_IsDoneAtOnce()
    {
        Assert.Equal(13108, Plain.Wrap(new string('x', 1 << 20), 80).Count());
    }

    [Fact]
    public void Write_NothingAtAll_WritesNothing()
    {
        Assert.Equal("", Render(console => TelemetryRenderer.Write(console, [], [], [])));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(200)]
    public void Write_AnyWidth_NoLineIsLonger(int width)
    {
        var text = Render(console => TelemetryRenderer.Write(console, [.. Sample.First, .. Sample.Second], Sample.Logs, Sample.Metrics), width);

        Assert.All(text.Split('\n'), line => Assert.InRange(Plain.Width(line), 0, width));
    }

    [Fact]
    public void Write_OnAColourTerminal_MarksErrorsRed()
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new()
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.Standard,
            Out = new AnsiConsoleOutput(text),
        });

        TelemetryRenderer.Write(console, Sample.Second, [], []);

        Assert.Contains("\u001b[91m ERROR\u001b[0m", text.ToString(), StringComparison.Ordinal);
    }

    private static string Render(Action<IAnsiConsole> write, int width = 100, bool unicode = true)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new()
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = unicode;
        write(console);
        return string.Join('\n', text.ToString().ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()));
    }

    /// <summary>Compares with Snapshots/name.txt. The current text is written beside it as name.actual.txt.</summary>
    private static void Snapshot(string name, string actual)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Backend", "Snapshots");
        var file = Path.Combine(folder, name + ".txt");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, name + ".actual.txt"), actual);
        Assert.True(File.Exists(file), $"{file} is missing");
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
