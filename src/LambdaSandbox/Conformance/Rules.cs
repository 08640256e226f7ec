using LambdaSandbox.CommandLine;

namespace LambdaSandbox.Conformance;

/// <summary>The rules for a trial. Each returns null or the error.</summary>
internal static class Rules
{
    /// <summary>More lines than this for a few invocations mean that the extension's log feeds itself.</summary>
    private const int ManyLines = 500;

    /// <summary>Init, every invocation and the shutdown succeeded.</summary>
    public static string? Works(Trial trial) => Starts(trial) ?? Invocations(trial, 0) ?? Ends(trial);

    /// <summary>The same, except for the invocation that the fault makes fail.</summary>
    public static Func<Trial, string?> WorksAgainAfter(int invocation) => trial => Starts(trial) ?? Invocations(trial, invocation) ?? Ends(trial);

    public static string? Starts(Trial trial) => trial.Init.Succeeded ? null : $"init: {trial.Init.Reason ?? trial.Init.ErrorType}";

    public static string? Registers(Trial trial)
    {
        var silent = trial.Extensions.FirstOrDefault(each => each.RegisteredAt is null);
        return silent is null ? Starts(trial) : $"{silent.Name} did not register under the name of its file";
    }

    public static string? IsQuiet(Trial trial) =>
        Works(trial) ?? (trial.Printed.Count <= ManyLines ? null : $"it printed {trial.Printed.Count} lines, more than an extension that does not read its own");

    /// <summary>After a 500 from Next an extension must exit, because nothing further is guaranteed.</summary>
    public static string? GivesUp(Trial trial)
    {
        var first = trial.Invocations[0];
        if (first.Status == "timeout")
            return "it neither exited nor got an answer: after a 500 an extension must exit";
        return trial.Happened.Count <= 20 ? WorksAgainAfter(1)(trial) : $"it called Next {trial.Happened.Count} times after a 500";
    }

    /// <summary>The extension ends by itself: exit code 0 before the deadline, without SIGKILL.</summary>
    public static string? Ends(Trial trial)
    {
        if (trial.Shutdown is not { } end)
            return "it was gone before SHUTDOWN";
        var late = end.Extensions.FirstOrDefault(each => each.WasKilled);
        if (end.KillNeeded && late is not null)
            return $"shutdown: {late.Name} had to be killed at the deadline";
        return end.Extensions.FirstOrDefault(each => each is { WasKilled: false, ExitCode: not 0 }) is { } failed
            ? $"shutdown: {failed.Name} ended with exit code {failed.ExitCode}"
            : null;
    }

    private static string? Invocations(Trial trial, int excused)
    {
        for (var index = 0; index < trial.Invocations.Count; index++)
        {
            var (result, order) = (trial.Invocations[index], trial.Scenario.Invocations[index]);
            var expected = order switch { Played.Answers => "success", Played.Hangs => "timeout", _ => "error" };
            if (index + 1 == excused || (result.Status == expected && result.Error?.ErrorType?.StartsWith("Extension.", StringComparison.Ordinal) != true))
                continue;
            return result.Status == "timeout"
                ? $"invocation {index + 1}: an extension had not called Next {Durations.Print(result.ExtensionOverhead)} after the function was done"
                : $"invocation {index + 1}: {result.Error?.Reason ?? result.Error?.ErrorType ?? result.Status}";
        }

        return null;
    }
}
