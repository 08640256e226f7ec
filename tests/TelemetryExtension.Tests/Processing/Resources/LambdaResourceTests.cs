using OpenTelemetry.Proto.Resource.V1;
using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Resources;

namespace TelemetryExtension.Tests.Processing.Resources;

public class LambdaResourceTests
{
    private static readonly LambdaFacts Facts = new("123456789012", "orders", "$LATEST", "2025/08/11/orders[$LATEST]22be53a8", 268435456)
    {
        RuntimeVersion = "nodejs:22.v42",
        RuntimeVersionArn = "arn:aws:lambda:eu-west-1::runtime:ab",
        AvailabilityZone = "use1-az1",
    };
    private readonly SettingProblems _problems = new();

    [Fact]
    public void EverythingKnown_AllAttributes()
    {
        var attributes = Create(new(Region: "eu-west-1", FunctionName: "orders", FunctionVersion: "7", MemorySizeMb: 128, LogGroupName: "/g"), Facts);
        Assert.Equal("orders", attributes["service.name"]);
        Assert.Equal("instance", attributes["service.instance.id"]);
        Assert.Equal("aws", attributes["cloud.provider"]);
        Assert.Equal("aws_lambda", attributes["cloud.platform"]);
        Assert.Equal("eu-west-1", attributes["cloud.region"]);
        Assert.Equal("123456789012", attributes["cloud.account.id"]);
        Assert.Equal("arn:aws:lambda:eu-west-1:123456789012:function:orders:7", attributes["cloud.resource_id"]);
        Assert.Equal("orders", attributes["faas.name"]);
        Assert.Equal("7", attributes["faas.version"]);
        Assert.Equal(Facts.InstanceId, attributes["faas.instance"]);
        Assert.Equal(268435456L, attributes["faas.max_memory"]);
        Assert.Equal(["/g"], (string[])attributes["aws.log.group.names"]);
        Assert.Equal([Facts.InstanceId!], (string[])attributes["aws.log.stream.names"]);
        Assert.Equal(["arn:aws:logs:eu-west-1:123456789012:log-group:/g:*"], (string[])attributes["aws.log.group.arns"]);
        Assert.Equal([$"arn:aws:logs:eu-west-1:123456789012:log-group:/g:log-stream:{Facts.InstanceId}"], (string[])attributes["aws.log.stream.arns"]);
        Assert.Equal(("use1-az1", "nodejs:22.v42", "arn:aws:lambda:eu-west-1::runtime:ab"), (
            attributes["cloud.availability_zone"], attributes["telemetry_extension.runtime.version"], attributes["telemetry_extension.runtime.version_arn"]));
        Assert.Empty(_problems.Messages);
    }

    [Fact]
    public void NothingKnown_StillAResource()
    {
        var attributes = Create(new(), new());
        Assert.Equal("unknown_service:telemetry-extension", attributes["service.name"]);
        Assert.DoesNotContain("faas.max_memory", attributes);
        Assert.DoesNotContain("cloud.resource_id", attributes);
    }

    [Theory]
    [InlineData(268435456L, 268435456L)]
    [InlineData(null, 134217728L)]
    public void MaxMemory_IsThePlatformsElseTheVariables(long? sent, long bytes) =>
        Assert.Equal(bytes, Create(new(MemorySizeMb: 128), new(MaxMemory: sent))["faas.max_memory"]);

    [Theory]
    [InlineData("cn-north-1", "arn:aws-cn:")]
    [InlineData("us-gov-west-1", "arn:aws-us-gov:")]
    [InlineData("eusc-de-east-1", "arn:aws-eusc:")]
    [InlineData("us-isof-south-1", "arn:aws-iso-f:")]
    public void Arn_InOtherPartitions_SaysSo(string region, string start) =>
        Assert.StartsWith(start, (string)Create(new(Region: region), Facts)["cloud.resource_id"], StringComparison.Ordinal);

    [Theory]
    [InlineData("arn:aws-new:lambda:zz-new-1:999999999999:function:orders", "arn:aws-new:lambda:zz-new-1:999999999999:function:orders:7")]
    [InlineData("arn:aws-new:lambda:zz-new-1:999999999999:function:orders:prod", "arn:aws-new:lambda:zz-new-1:999999999999:function:orders:7")]
    [InlineData("nonsense", "arn:aws:lambda:zz-new-1:123456789012:function:orders:7")]
    public void Arn_OfTheInvokedFunction_WinsOverWhatTheRegionSuggests(string invoked, string expected)
    {
        var attributes = Create(new(Region: "zz-new-1", FunctionName: "orders", FunctionVersion: "7"), new("123456789012", InvokedFunctionArn: invoked));
        Assert.Equal(expected, attributes["cloud.resource_id"]);
    }

    [Fact]
    public void AccountAndRegion_KnownOnlyFromTheInvokedArn_AreTakenFromIt()
    {
        var attributes = Create(new(FunctionName: "orders"), new(InvokedFunctionArn: "arn:aws-cn:lambda:cn-north-1:1234:function:orders"));
        Assert.Equal(("cn-north-1", "1234", "arn:aws-cn:lambda:cn-north-1:1234:function:orders"), (attributes["cloud.region"], attributes["cloud.account.id"], attributes["cloud.resource_id"]));
    }

    [Fact]
    public void UsersAttributes_Win_AndServiceNameMost()
    {
        var attributes = Create(new("service.name=a, faas.name = b%2Cc%3D%C3%BC ,team=t", "mine", FunctionName: "orders"), Facts);
        Assert.Equal(("mine", "b,c=ü", "t"), (attributes["service.name"], attributes["faas.name"], attributes["team"]));
        Assert.Equal("a", Create(new("service.name=a"), Facts)["service.name"]);
    }

    [Theory]
    [InlineData("a=b,c")]
    [InlineData("a=b,=c")]
    [InlineData("a=b,c=%zz")]
    [InlineData("a=b,c=%ff")]
    [InlineData("a=b,c=%4")]
    public void UsersAttributes_WithAnError_AreAllDiscarded(string text)
    {
        Assert.DoesNotContain("a", Create(new(text), Facts));
        Assert.Contains("OTEL_RESOURCE_ATTRIBUTES", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void Encoded_Decodes()
    {
        var list = LambdaResource.Create(new(Region: "eu-west-1"), Facts, "instance", _problems);
        var resource = Resource.Parser.ParseFrom(LambdaResource.Encode(list));
        Assert.Equal(list.Select(pair => pair.Key), resource.Attributes.Select(pair => pair.Key));
        Assert.Equal(268435456L, resource.Attributes.Single(pair => pair.Key == "faas.max_memory").Value.IntValue);
    }

    private Dictionary<string, object> Create(ResourceOptions options, LambdaFacts facts) =>
        LambdaResource.Create(options, facts, "instance", _problems).ToDictionary(pair => pair.Key, pair => pair.Value);
}
