namespace EndToEnd.Tests.Harness;

/// <summary>Who gets bytes of the extension: a server by its URLs, or a place without one, such as the log.</summary>
/// <param name="IsAws">Whether it plays a service of AWS, which may see the session token.</param>
internal sealed record Receiver(string Name, bool IsAws, params IReadOnlyList<string> Urls)
{
    public static Receiver Log { get; } = new("the log", IsAws: false);

    public static Receiver Spool { get; } = new("the spool", IsAws: false);

    /// <summary>Whether a URL leads to it, whatever its path.</summary>
    public bool Has(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var wanted) && Urls.Any(one => new Uri(one).Authority.Equals(wanted.Authority, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Bytes that left the extension.</summary>
/// <param name="Part">What they are: "line", "body", "path", "query", "header authorization".</param>
internal readonly record struct Departure(Receiver To, string Part, ReadOnlyMemory<byte> Bytes)
{
    public bool IsHeader => Part.StartsWith("header ", StringComparison.Ordinal);
}
