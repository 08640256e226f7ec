using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class SecretReferenceTests
{
    private const string Secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp/backend-AbCdEf";

    [Theory]
    [InlineData(Secret, null, null)]
    [InlineData(Secret + "#api-key", null, "api-key")]
    [InlineData(Secret + "#a:b/c?d", null, "a:b/c?d")]
    [InlineData(Secret + "?versionStage=AWSPREVIOUS", "versionStage AWSPREVIOUS", null)]
    [InlineData(Secret + "?versionId=0f1e2d3c-0000-1111-2222-333344445555#token", "versionId 0f1e2d3c-0000-1111-2222-333344445555", "token")]
    public void TryParse_Secret_HasItsParts(string text, string? version, string? jsonKey)
    {
        var reference = SecretReference.TryParse(text)!;

        Assert.Equal((SecretService.SecretsManager, "eu-west-1", Secret), (reference.Source.Service, reference.Source.Region, reference.Source.Arn));
        Assert.Equal(version, reference.Source.Version is { } found ? $"{found.Name} {found.Value}" : null);
        Assert.Equal(jsonKey, reference.JsonKey);
        Assert.Equal($"${{{text}}}", reference.ToString());
    }

    [Theory]
    [InlineData("arn:aws:ssm:eu-west-1:123456789012:parameter/otlp/key")]
    [InlineData("arn:aws:ssm:eu-west-1:123456789012:parameter/key:3")]
    [InlineData("arn:aws-cn:ssm:cn-north-1:123456789012:parameter/key#member")]
    public void TryParse_Parameter_IsOfTheParameterStore(string text) => Assert.Equal(SecretService.ParameterStore, SecretReference.TryParse(text)!.Source.Service);

    /// <summary>The partition is not looked up: what AWS adds works too.</summary>
    [Theory]
    [InlineData("aws-us-gov", "us-gov-west-1")]
    [InlineData("aws-cn", "cn-northwest-1")]
    [InlineData("aws-iso-b", "us-isob-east-1")]
    [InlineData("aws-eusc", "eusc-de-east-1")]
    public void TryParse_AnyPartition_IsTaken(string partition, string region) =>
        Assert.Equal(region, SecretReference.TryParse($"arn:{partition}:secretsmanager:{region}:123456789012:secret:a")!.Source.Region);

    [Theory]
    [InlineData("arn:aws:secretsmanager:eu-west-1:123456789012:secret:")]
    [InlineData("arn:aws:secretsmanager::123456789012:secret:a")]
    [InlineData("arn:aws:secretsmanager:eu-west-1::secret:a")]
    [InlineData("arn:aws:secretsmanager:eu-west-1:123456789012:other:a")]
    [InlineData("arn:aws:secretsmanager:evil.com/x:123456789012:secret:a")]
    [InlineData("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a b")]
    [InlineData("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a#")]
    [InlineData("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a?stage=x")]
    [InlineData("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a?versionStage=")]
    [InlineData("arn:aws:ssm:eu-west-1:123456789012:parameter/")]
    [InlineData("arn:aws:ssm:eu-west-1:123456789012:document/a")]
    [InlineData("arn:aws:ssm:eu-west-1:123456789012:parameter/a:1:2")]
    [InlineData("arn:aws:ssm:eu-west-1:123456789012:parameter/a?versionStage=x")]
    [InlineData("arn:aws:s3:::bucket/key")]
    [InlineData("arn:")]
    [InlineData("")]
    public void TryParse_AnythingElse_IsNone(string text) => Assert.Null(SecretReference.TryParse(text));
}
