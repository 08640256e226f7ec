using Amazon.Runtime.Internal.Endpoints.StandardLibrary;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class AwsPartitionTests
{
    /// <summary>At least one region of each partition, compared with the AWS SDK's own table.</summary>
    [Theory]
    [InlineData("us-east-1", "aws")]
    [InlineData("eu-central-2", "aws")]
    [InlineData("mx-central-1", "aws")]
    [InlineData("il-central-1", "aws")]
    [InlineData("cn-north-1", "aws-cn")]
    [InlineData("cn-northwest-1", "aws-cn")]
    [InlineData("us-gov-east-1", "aws-us-gov")]
    [InlineData("us-gov-west-1", "aws-us-gov")]
    [InlineData("us-iso-east-1", "aws-iso")]
    [InlineData("us-iso-west-1", "aws-iso")]
    [InlineData("us-isob-east-1", "aws-iso-b")]
    [InlineData("eu-isoe-west-1", "aws-iso-e")]
    [InlineData("us-isof-south-1", "aws-iso-f")]
    [InlineData("us-isof-east-1", "aws-iso-f")]
    [InlineData("eusc-de-east-1", "aws-eusc")]
    [InlineData("zz-new-1", "aws")]
    public void OfRegion_EveryPartition_AsTheSdkKnowsIt(string region, string id)
    {
        var partition = AwsPartition.OfRegion(region);
        Assert.Equal(id, partition.Id);
        var sdk = Fn.Partition(region);
        Assert.Equal((sdk.name, sdk.dnsSuffix, sdk.dualStackDnsSuffix), (partition.Id, partition.DnsSuffix, partition.DualStackDnsSuffix));
    }

    /// <summary>From the endpoint rules of CloudWatch Logs (botocore, logs/2014-03-28/endpoint-rule-set-1.json).</summary>
    [Theory]
    [InlineData("us-east-1", false, false, "logs.us-east-1.amazonaws.com")]
    [InlineData("us-east-1", true, false, "logs-fips.us-east-1.amazonaws.com")]
    [InlineData("us-east-1", false, true, "logs.us-east-1.api.aws")]
    [InlineData("us-east-1", true, true, "logs-fips.us-east-1.api.aws")]
    [InlineData("us-gov-west-1", false, false, "logs.us-gov-west-1.amazonaws.com")]
    [InlineData("us-gov-west-1", true, false, "logs.us-gov-west-1.amazonaws.com")]
    [InlineData("us-gov-east-1", true, false, "logs.us-gov-east-1.amazonaws.com")]
    [InlineData("us-gov-west-1", true, true, "logs-fips.us-gov-west-1.api.aws")]
    [InlineData("cn-north-1", false, false, "logs.cn-north-1.amazonaws.com.cn")]
    [InlineData("cn-north-1", false, true, "logs.cn-north-1.api.amazonwebservices.com.cn")]
    [InlineData("eusc-de-east-1", false, false, "logs.eusc-de-east-1.amazonaws.eu")]
    [InlineData("eusc-de-east-1", true, false, "logs-fips.eusc-de-east-1.amazonaws.eu")]
    [InlineData("us-iso-east-1", false, false, "logs.us-iso-east-1.c2s.ic.gov")]
    [InlineData("us-isob-east-1", false, true, "logs.us-isob-east-1.api.aws.scloud")]
    public void Host_CloudWatchLogs_AsTheSdksResolveIt(string region, bool fips, bool dualStack, string expected) =>
        Assert.Equal(expected, AwsPartition.Host("logs", region, fips, dualStack, fipsIsDefault: true));
}
