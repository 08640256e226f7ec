namespace NativeChecks;

internal sealed class CheckFailedException(string message) : Exception(message);

internal static class Check
{
    public static void That(bool holds, string what)
    {
        if (!holds)
            throw new CheckFailedException(what);
    }
}
