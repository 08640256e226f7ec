namespace TelemetryExtension.Configuration;

/// <summary>A service of AWS that takes OTLP.</summary>
/// <param name="Signs">Requests get a Signature Version 4. Otherwise a header has a bearer token.</param>
internal sealed record AwsService(string Name, string Region, bool Signs = true)
{
    public const string XRay = "xray";
    public const string Logs = "logs";
    public const string Monitoring = "monitoring";

    private static readonly string[] Services = [XRay, Logs, Monitoring];

    /// <summary>
    /// AWS's own OTLP endpoints, in any partition: <c>xray.eu-west-1.amazonaws.com</c>, with <c>-fips</c> behind the service, with dual stack, or through a VPC
    /// endpoint (<c>vpce-....xray.eu-west-1.vpce.amazonaws.com</c>). Null for any other host.
    /// </summary>
    public static AwsService? OfHost(string host)
    {
        host = host.TrimEnd('.').ToLowerInvariant();
        if (AwsPartition.All.SelectMany(static partition => new[] { partition.DnsSuffix, partition.DualStackDnsSuffix })
            .Where(suffix => host.EndsWith("." + suffix, StringComparison.Ordinal)).MaxBy(static suffix => suffix.Length) is not { } found)
            return null;
        var labels = host[..^(found.Length + 1)].Split('.');
        if (labels is [_, .., "vpce"])
            labels = labels is [_, var service, var region, _] ? [service, region] : [];
        if (labels is not [var first, { Length: > 0 } name])
            return null;
        first = first.EndsWith("-fips", StringComparison.Ordinal) ? first[..^"-fips".Length] : first;
        return Services.Contains(first) ? new(first, name) : null;
    }
}
