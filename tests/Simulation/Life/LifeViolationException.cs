namespace Simulation.Life;

/// <summary>The extension broke a promise.</summary>
internal sealed class LifeViolationException(string message) : Exception(message)
{
    public static void Unless(bool condition, string promise)
    {
        if (!condition)
            throw new LifeViolationException($"broken: {promise}");
    }
}
