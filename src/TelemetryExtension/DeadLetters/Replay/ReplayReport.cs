using System.Globalization;
using System.Text;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>What a replay did, counted in payloads and in records.</summary>
internal sealed class ReplayReport
{
    public int Sent { get; set; }

    public long SentRecords { get; set; }

    /// <summary>Sent by an earlier replay.</summary>
    public int Skipped { get; set; }

    public int Failed { get; set; }

    public long FailedRecords { get; set; }

    /// <summary>Refused by the backend inside payloads that it took.</summary>
    public long RejectedRecords { get; set; }

    public int Incomplete { get; set; }

    public int Damaged { get; set; }

    /// <summary>Parts that the input holds more than once.</summary>
    public int Repeated { get; set; }

    /// <summary>Why the input could not be read to its end; null when it could.</summary>
    public string? InputProblem { get; set; }

    /// <summary>The input has no dead letter, not even a damaged one.</summary>
    public bool FoundNone { get; set; }

    /// <summary>The worst that happened.</summary>
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

/// <summary>The exit codes of the command; documented in its help.</summary>
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
