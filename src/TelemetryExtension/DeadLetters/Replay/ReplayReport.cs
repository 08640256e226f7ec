using System.Globalization;
using System.Text;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>The result of a replay, in payloads and records.</summary>
internal sealed class ReplayReport
{
    public int Sent { get; set; }

    public long SentRecords { get; set; }

    /// <summary>An earlier replay has sent them.</summary>
    public int Skipped { get; set; }

    public int Failed { get; set; }

    public long FailedRecords { get; set; }

    /// <summary>The backend refused them inside accepted payloads.</summary>
    public long RejectedRecords { get; set; }

    public int Incomplete { get; set; }

    public int Damaged { get; set; }

    /// <summary>Parts that occur more than once in the input.</summary>
    public int Repeated { get; set; }

    /// <summary>Why reading the input failed. Null when all of it was read.</summary>
    public string? InputProblem { get; set; }

    /// <summary>The input contains no dead letter, not even a damaged one.</summary>
    public bool FoundNone { get; set; }

    /// <summary>The code of the worst result.</summary>
    public int ExitCode =>
        Failed > 0 ? ReplayExit.NotSent
        : InputProblem is not null ? ReplayExit.Usage
        : Incomplete + Damaged > 0 ? ReplayExit.Damaged
        : FoundNone ? ReplayExit.None
        : RejectedRecords > 0 ? ReplayExit.Rejected
        : ReplayExit.Ok;

    public string ToText(bool dryRun)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{(dryRun ? "would send" : "sent")} {Sent} payloads ({SentRecords} records)");
        Add(RejectedRecords, "records rejected by the backend");
        Add(Skipped, "payloads already sent before");
        Add(Failed, $"payloads not sent ({FailedRecords} records)");
        Add(Incomplete, "payloads incomplete");
        Add(Damaged, "parts or payloads damaged");
        Add(Repeated, "parts repeated");
        return text.ToString();

        void Add(long count, string what)
        {
            if (count > 0)
                text.Append(CultureInfo.InvariantCulture, $", {count} {what}");
        }
    }
}

/// <summary>The exit codes of the command. Its help documents them.</summary>
internal static class ReplayExit
{
    public const int Ok = 0;
    public const int NotSent = 1;
    public const int Usage = 2;
    public const int Damaged = 3;
    public const int Rejected = 4;
    public const int None = 5;
    public const int Interrupted = 130;
}
