using System.Globalization;

namespace LambdaSandbox.Trouble;

/// <summary>When a fault happens: always, in some invocations (from 1; 0 is the init), or with a probability.</summary>
internal readonly record struct FaultWhen(int First, int Last, double Share)
{
    public static FaultWhen Always => new(0, int.MaxValue, 1);

    /// <summary>Parses N, N-M or P%, so that equal texts give equal values. Returns null for anything else.</summary>
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

    /// <param name="roll">A random number from 0 up to 1.</param>
    public bool Holds(int invocation, double roll) => invocation >= First && invocation <= Last && roll < Share;
}
