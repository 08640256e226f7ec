namespace Recipes.Tests.Docs;

/// <summary>What one side names and the other does not, all of it: xunit shortens collections.</summary>
internal static class Difference
{
    public static void IsNone<T>(IEnumerable<T> items)
    {
        var all = items.Distinct().ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }
}
