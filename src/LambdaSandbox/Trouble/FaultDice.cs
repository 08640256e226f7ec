namespace LambdaSandbox.Trouble;

/// <summary>Random numbers that depend only on a seed and a purpose, not on the order of the calls, so that racing threads change nothing.</summary>
internal readonly struct FaultDice(int seed)
{
    /// <summary>A number from 0 up to 1.</summary>
    public double Roll(int fault, string what, int number)
    {
        var state = Mix(((ulong)(uint)seed << 32) ^ (uint)fault);
        foreach (var letter in what)
            state = Mix(state ^ letter);
        return (Mix(state ^ ((ulong)(uint)number << 16)) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>The finaliser of SplitMix64: each bit of the input changes half of the output.</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
