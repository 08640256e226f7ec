namespace EndToEnd.Tests.Harness;

/// <summary>The parts of an X-Amzn-Trace-Id header as span ids.</summary>
internal sealed record TraceHeader(string TraceId, string? Parent, bool Sampled)
{
    public static TraceHeader Read(string? header)
    {
        var parts = (header ?? "").Split(';').Select(part => part.Split('=', 2)).Where(part => part.Length == 2).ToDictionary(part => part[0], part => part[1]);
        return new(parts["Root"][2..].Replace("-", "", StringComparison.Ordinal), parts.GetValueOrDefault("Parent"), parts.GetValueOrDefault("Sampled") == "1");
    }
}
