using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class LambdaArnTests
{
    [Theory]
    [InlineData("arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws:lambda:us-east-1:123456789012:function:f:7")]
    [InlineData("arn:aws-eusc:lambda:eusc-de-east-1:123456789012:function:f:prod", "arn:aws-eusc:lambda:eusc-de-east-1:123456789012:function:f:7")]
    [InlineData("arn:aws-iso-b:lambda:us-isob-east-1:1:function:f:$LATEST", "arn:aws-iso-b:lambda:us-isob-east-1:1:function:f:7")]
    [InlineData("arn:aws-new:lambda:zz-new-1:1:function:f:7", "arn:aws-new:lambda:zz-new-1:1:function:f:7")]
    public void TryParse_FunctionArn_KeepsItsPartition(string arn, string withVersion) => Assert.Equal(withVersion, LambdaArn.TryParse(arn)?.WithVersion("7"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("f")]
    [InlineData("arn:aws:sqs:us-east-1:1:queue")]
    [InlineData("arn:aws:lambda:us-east-1:1:layer:l:1")]
    [InlineData("arn:aws:lambda:::function:f")]
    [InlineData("arn:aws:lambda:us-east-1:1:function:f:prod:more")]
    public void TryParse_AnythingElse_IsNone(string? arn) => Assert.Null(LambdaArn.TryParse(arn));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("$LATEST")]
    public void WithVersion_Latest_IsUnqualified(string? version) =>
        Assert.Equal("arn:aws:lambda:r:1:function:f", LambdaArn.TryParse("arn:aws:lambda:r:1:function:f:prod")!.WithVersion(version));
}
