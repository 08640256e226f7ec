namespace TelemetryExtension.Configuration;

/// <summary>
/// The partitions of AWS with their regions, ARNs and host names. This is the project's only such table. A test compares it with the AWS SDK's own,
/// which would cost every cold start more to load.
/// </summary>
/// <param name="RegionPrefix">The prefix of the names of its regions.</param>
internal sealed record AwsPartition(string Id, string DnsSuffix, string DualStackDnsSuffix, string RegionPrefix)
{
    private static readonly AwsPartition Standard = new("aws", "amazonaws.com", "api.aws", "");

    /// <summary>A region outside of these belongs to <see cref="Standard"/>.</summary>
    private static readonly AwsPartition[] Others =
    [
        new("aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-"),
        new("aws-us-gov", "amazonaws.com", "api.aws", "us-gov-"),
        new("aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-"),
        new("aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-"),
        new("aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-"),
        new("aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-"),
        new("aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-"),
    ];

    public static IEnumerable<AwsPartition> All => [Standard, .. Others];

    public static AwsPartition OfRegion(string region) =>
        Array.Find(Others, partition => region.StartsWith(partition.RegionPrefix, StringComparison.OrdinalIgnoreCase)) ?? Standard;

    /// <summary>
    /// The host of a regional service, by the endpoint rules of the AWS SDKs: FIPS adds a suffix to the service's name, dual stack uses another
    /// domain.
    /// </summary>
    /// <param name="fipsIsDefault">In us-gov regions the service has only one endpoint, which is the FIPS one (CloudWatch Logs).</param>
    public static string Host(string service, string region, bool fips, bool dualStack, bool fipsIsDefault = false)
    {
        var partition = OfRegion(region);
        var isDefault = fipsIsDefault && !dualStack && partition.Id == "aws-us-gov";
        return $"{service}{(fips && !isDefault ? "-fips" : "")}.{region}.{(dualStack ? partition.DualStackDnsSuffix : partition.DnsSuffix)}";
    }
}
