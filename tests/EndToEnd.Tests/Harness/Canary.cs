using System.Collections.Concurrent;
using System.Text;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Harness;

/// <summary>
/// Secrets that tests give to the extension, and those of the sandbox. They are looked for in every byte that leaves it. Only the headers of requests to a
/// backend may have them.
/// </summary>
internal static class Canary
{
    /// <summary>The sandbox gives these to every extension.</summary>
    private static readonly string[] OfSandbox = ["sandbox/secret/example/key/not/a/real/one", "sandbox-session-token"];

    private static readonly ConcurrentDictionary<string, byte[]> Known = new(OfSandbox.Select(static value => KeyValuePair.Create(value, Encoding.UTF8.GetBytes(value))));

    /// <summary>A new secret, which nothing may print from now on.</summary>
    public static string New(string what)
    {
        var value = $"canary-{what}-{Guid.NewGuid():N}";
        Hide(value);
        return value;
    }

    public static void Hide(string value) => Known[value] = Encoding.UTF8.GetBytes(value);

    /// <param name="lines">All that the extension printed.</param>
    public static void CheckAbsent(IReadOnlyList<string> lines, OtlpBackend backend)
    {
        Assert.All(lines, static line => CheckAbsent(Encoding.UTF8.GetBytes(line), "in a line"));
        Assert.All(DeadLetterReading.ReadAll(lines.Where(static line => line.StartsWith("otlp-dead-letter/1 ", StringComparison.Ordinal))), static letter => CheckAbsent(letter.Request, "in a dead letter"));
        Assert.All(backend.Requests, static request => CheckAbsent(request.Body.Span, $"in the body of {request}"));
    }

    public static void CheckAbsent(ReadOnlySpan<byte> bytes, string where)
    {
        foreach (var (text, value) in Known)
            Assert.False(bytes.IndexOf(value) >= 0, $"the secret {text} is {where}");
    }
}
