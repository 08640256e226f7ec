namespace EndToEnd.Tests.Harness;

/// <summary>
/// Secrets that tests give to the extension. <see cref="Exits"/> looks for them, and for those of the sandbox, in every byte that leaves it.
/// </summary>
internal static class Canary
{
    /// <summary>A new secret of this test. It may appear in headers to the first destination, and nowhere else.</summary>
    public static string New(string what) => New(what, Home.FirstDestination);

    /// <summary>A new secret of this test, with the only place where it may appear.</summary>
    public static string New(string what, Home home)
    {
        var value = $"canary-{what}-{Guid.NewGuid():N}";
        Exits.OfThisTest.Add(new(value, home));
        return value;
    }

    /// <summary>Adds a value that may appear nowhere.</summary>
    public static void Hide(string value) => Hide(value, Home.None);

    /// <summary>Adds a value that others made, with the only place where it may appear.</summary>
    public static void Hide(string value, Home home) => Exits.OfThisTest.Add(new(value, home));
}
