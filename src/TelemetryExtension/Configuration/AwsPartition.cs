namespace TelemetryExtension.Configuration;

/// <summary>
/// The partitions of AWS: which regions they have, how their ARNs and host names read. The one table of the project; a test compares it with the
/// AWS SDK's own, whose loading would cost every cold start more than these lines.
/// </summary>
/// <param name="RegionPrefix">How the names of its regions begin.</param>
internal sealed record AwsPartition(string Id, string DnsSuffix, string DualStackDnsSuffix, string RegionPrefix)
{
    private static readonly AwsPartition Standard = new("aws", "amazonaws.com", "api.aws", "");

    /// <summary>Every region that is not in one of these is in <see cref="Standard"/>.</summary>
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
    /// The host of a regional service, as the endpoint rules of the AWS SDKs build it: FIPS is a suffix of the service's name, dual stack another domain.
    /// </summary>
    /// <param name="fipsIsDefault">The service's ordinary endpoint in a us-gov region is the FIPS one, and there is no other (CloudWatch Logs).</param>
    public static string Host(string service, string region, bool fips, bool dualStack, bool fipsIsDefault = false)
    {
        var partition = OfRegion(region);
        var isDefault = fipsIsDefault && !dualStack && partition.Id == "aws-us-gov";
        return $"{service}{(fips && !isDefault ? "-fips" : "")}.{region}.{(dualStack ? partition.DualStackDnsSuffix : partition.DnsSuffix)}";
    }
}
