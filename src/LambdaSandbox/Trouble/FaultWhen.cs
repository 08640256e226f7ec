using System.Globalization;

namespace LambdaSandbox.Trouble;

/// <summary>When a fault happens: always, in some invocations (from 1; 0 is the init), or with a likelihood.</summary>
internal readonly record struct FaultWhen(int First, int Last, double Share)
{
    public static FaultWhen Always => new(0, int.MaxValue, 1);

    /// <summary>The same text gives the same; null when it is none of N, N-M, P%.</summary>
    public static FaultWhen? Parse(string text)
    {
        if (text.EndsWith('%'))
            return double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent <= 100
                ? Always with { Share = percent / 100 }
                : null;
        var ends = text.Split('-');
        return ends.Length <= 2 && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) && last >= first
            ? new FaultWhen(first, last, 1)
            : null;
    }

    /// <param name="roll">From 0, and less than 1.</param>
    public bool Holds(int invocation, double roll) => invocation >= First && invocation <= Last && roll < Share;
}
