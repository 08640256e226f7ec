namespace LambdaSandbox.Trouble;

/// <summary>One fault in the format KIND[=VALUE][@WHEN].</summary>
/// <param name="Index">Its index in the plan.</param>
/// <param name="Value">The part before the first colon.</param>
/// <param name="Detail">The part after the first colon. Empty without one.</param>
internal sealed record FaultSpec(int Index, string Kind, string Value, string Detail, FaultWhen When)
{
    /// <exception cref="SandboxException">The text is not a fault. The message has the reason.</exception>
    public static FaultSpec Parse(string text, int index)
    {
        var (rest, when) = text.Split('@', 2, StringSplitOptions.TrimEntries) is [var before, var after] ? (before, after) : (text.Trim(), null);
        var parts = rest.Split('=', 2, StringSplitOptions.TrimEntries);
        var kind = FaultKinds.All.FirstOrDefault(each => each.Name == parts[0])
            ?? throw new SandboxException($"--fault {text}: {parts[0]} is no fault; there are {string.Join(", ", FaultKinds.All.Select(each => each.Name))}");
        var value = parts.ElementAtOrDefault(1) ?? kind.Standard;
        if (value is null != kind.Value is null)
            throw new SandboxException($"--fault {text}: {(kind.Value is null ? $"{kind.Name} takes no value" : $"{kind} expected")}");
        var words = (value ?? "").Split(':', 2);
        return new FaultSpec(
            index, kind.Name, words[0], words.ElementAtOrDefault(1) ?? "",
            when is null ? FaultWhen.Always : FaultWhen.Parse(when) ?? throw new SandboxException($"--fault {text}: @{when} is none of @N, @N-M (invocations), @P%"));
    }

    /// <exception cref="SandboxException">The value is not a duration.</exception>
    public TimeSpan Time(string text, bool maybeNegative = false)
    {
        var negative = maybeNegative && text.StartsWith('-');
        if (!CommandLine.Durations.TryParse(negative ? text[1..] : text, out var duration))
            throw new SandboxException($"--fault {Kind}: {(text.Length == 0 ? "nothing" : text)} is not a duration (2s, 500ms, 1.5, 2m)");
        return negative ? -duration : duration;
    }
}
