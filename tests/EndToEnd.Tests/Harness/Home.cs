namespace EndToEnd.Tests.Harness;

/// <summary>The only place where a secret may appear.</summary>
internal sealed class Home
{
    private readonly Func<Departure, Exits, bool> _contains;

    private Home(Func<Departure, Exits, bool> contains) => _contains = contains;

    public static Home None { get; } = new(static (_, _) => false);

    /// <summary>Headers to the destination of OTEL_EXPORTER_OTLP_ENDPOINT.</summary>
    public static Home FirstDestination { get; } = new(static (departure, exits) => departure.IsHeader && exits.IsFirst(departure.To));

    /// <summary>The header that carries the session token, and only to AWS.</summary>
    public static Home AwsSessionToken { get; } = new(static (departure, _) => departure.To.IsAws && departure.Part == "header x-amz-security-token");

    /// <summary>Headers to the server of a URL.</summary>
    public static Home HeaderTo(string url) => new((departure, _) => departure.IsHeader && departure.To.Has(url));

    /// <summary>The query of requests to the server of a URL.</summary>
    public static Home QueryTo(string url) => new((departure, _) => departure.Part == "query" && departure.To.Has(url));

    /// <summary>One header to the server of a URL.</summary>
    public static Home HeaderTo(string url, string name) => new((departure, _) => departure.Part == $"header {name}" && departure.To.Has(url));

    public bool Contains(Departure departure, Exits exits) => _contains(departure, exits);
}
