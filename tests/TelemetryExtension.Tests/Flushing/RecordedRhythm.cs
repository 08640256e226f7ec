using System.Globalization;

namespace TelemetryExtension.Tests.Flushing;

/// <param name="Start">The time since the recording began.</param>
internal readonly record struct RecordedInvocation(TimeSpan Start, TimeSpan Duration)
{
    public TimeSpan End => Start + Duration;
}

/// <summary>Reads the recordings (RecordedRhythms/README.md names their sources), and adds what they lack: the time within a minute, and the duration.</summary>
internal static class RecordedRhythm
{
    /// <summary>The duration where it is not recorded.</summary>
    public static readonly TimeSpan AssumedDuration = TimeSpan.FromMilliseconds(500);

    private const int Seed = 2019;

    /// <summary>The invocations in order of their start.</summary>
    public static IReadOnlyList<RecordedInvocation> Load(string name) => name switch
    {
        "code-completion" => [.. Numbers("code-completion.arrivals").Select(ms => new RecordedInvocation(TimeSpan.FromMilliseconds(ms), AssumedDuration))],
        "day, evenly in the minute" => [.. PerMinute(Evenly)],
        "day, at random in the minute" => [.. PerMinute(AtRandom(new Random(Seed)))],
        "day, one in fourteen" => [.. OneIn(14, PerMinute(AtRandom(new Random(Seed))), new Random(Seed))],
        _ => [.. Tokens(name + ".invocations").Select(Parse).OrderBy(invocation => invocation.Start)],
    };

    /// <summary>Reads `end/duration`, both in milliseconds.</summary>
    private static RecordedInvocation Parse(string token)
    {
        var slash = token.IndexOf('/', StringComparison.Ordinal);
        var end = int.Parse(token.AsSpan(0, slash), CultureInfo.InvariantCulture);
        var duration = int.Parse(token.AsSpan(slash + 1), CultureInfo.InvariantCulture);
        return new(TimeSpan.FromMilliseconds(end - duration), TimeSpan.FromMilliseconds(duration));
    }

    private static IEnumerable<RecordedInvocation> PerMinute(Func<int, IEnumerable<double>> place) =>
        Numbers("day-of-an-app.per-minute").SelectMany((count, minute) =>
            place(count).Select(fraction => new RecordedInvocation(TimeSpan.FromMinutes(minute + fraction), AssumedDuration)));

    private static IEnumerable<double> Evenly(int count) => Enumerable.Range(0, count).Select(index => (index + 0.5) / count);

    /// <summary>Independent uniform times: a Poisson process with the known number per minute.</summary>
    private static Func<int, IEnumerable<double>> AtRandom(Random random) =>
        count => Enumerable.Range(0, count).Select(_ => random.NextDouble()).Order();

    private static IEnumerable<RecordedInvocation> OneIn(int all, IEnumerable<RecordedInvocation> invocations, Random random) =>
        invocations.Where(_ => random.Next(all) == 0);

    private static IEnumerable<int> Numbers(string file) => Tokens(file).Select(token => int.Parse(token, CultureInfo.InvariantCulture));

    private static IEnumerable<string> Tokens(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Flushing", "RecordedRhythms", file + ".txt"))
            .Where(line => !line.StartsWith('#'))
            .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
