using System.Text.RegularExpressions;
using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Harness;

/// <summary>Compares <see cref="OwnBugs"/> with the messages in the code, so that no end-to-end test overlooks a bug.</summary>
public sealed partial class OwnBugsTests
{
    private const string Call = "Reason.OfBug(";

    /// <summary>The cause in a message that faults of others have too, such as a secret that cannot be read. The message alone shows no bug.</summary>
    private const string CallForCause = "_ => Reason.OfBug(";

    private static readonly IReadOnlyList<string> Sources =
    [
        .. Directory.EnumerateFiles(Repository.Path("src", "TelemetryExtension"), "*.cs", SearchOption.AllDirectories)
            .Where(static file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .Select(File.ReadAllText),
    ];

    /// <summary>A call outside a message that the pattern knows could not be compared.</summary>
    [Fact]
    public void Pattern_FindsEveryCall()
    {
        var calls = Sources.Sum(static text => text.Split(Call).Length - text.Split(CallForCause).Length);
        Assert.True(calls > 20, $"only {calls} calls of {Call}");
        Assert.Equal(calls, Sources.Sum(static text => Message().Count(text)));
    }

    /// <summary>At debug level a message is left out: it tells of work that is done again later, and most tests do not log it.</summary>
    [Fact]
    public void Messages_CoverEveryBugThatTheCodeLogs() => Assert.All(
        Sources.SelectMany(static text => Message().Matches(text))
            .Where(static match => match.Groups["level"].Value != "Debug")
            .Select(static match => match.Groups["text"].Value),
        static text => Assert.True(OwnBugs.IsOne(text), $"no message of {nameof(OwnBugs)} covers: {text}"));

    [Fact]
    public void Messages_AreAllInTheCode() => Assert.All(
        OwnBugs.Messages.Where(static message => message != OwnBugs.OfDotNet),
        static message => Assert.Contains(Sources, text => text.Contains(message, StringComparison.Ordinal)));

    [GeneratedRegex("""Log\.(?<level>\w+)\([^;]*?\$"(?<text>[^"]*)\{Reason\.OfBug\(""")]
    private static partial Regex Message();
}
