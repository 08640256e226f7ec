using System.Text;
using Amazon.Runtime.Internal.Auth;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

/// <summary>Checks the SDK's signer and the tests' second implementation with published vectors of the AWS signing test suite and one more.</summary>
public sealed class SigV4Tests
{
    private const string Key = "AKIDEXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private const string Token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    private static readonly DateTime Time = new(2015, 8, 30, 12, 36, 0, DateTimeKind.Utc);

    public static TheoryData<string, string> Vectors => new()
    {
        { Get(), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        { Get(KeyValuePair.Create("x-amz-security-token", Token)), "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Sign_PublishedVector_GivesItsSignature(string canonicalRequest, string signature)
    {
        Assert.Equal(signature, SigV4.Sign(Secret, "20150830T123600Z", "us-east-1", "service", canonicalRequest));
        Assert.Equal(signature, AWS4Signer.ComputeSignature(Key, Secret, "us-east-1", Time, "service", "host", canonicalRequest).Signature);
    }

    [Fact]
    public void Sign_PutLogEventsVector_GivesItsSignature()
    {
        var body = Encoding.UTF8.GetBytes("""{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1440938160000,"message":"hi"}]}""");
        var canonical = SigV4.CanonicalRequest("POST", "/", "",
        [
            new("host", "logs.us-east-1.amazonaws.com"), new("content-type", "application/x-amz-json-1.1"), new("x-amz-date", "20150830T123600Z"),
            new("x-amz-security-token", Token), new("x-amz-target", "Logs_20140328.PutLogEvents"),
        ], body);

        Assert.Equal("de8217fd93a972eb0ce09fd478af611ed0d808edf970fc4469ae4a5d561fc7c5", SigV4.Hash(canonical));
        Assert.Equal("bfee8871148088e6c20a6315646142f74105be0a897270af99fb44ee553cb0c5", SigV4.Sign(Secret, "20150830T123600Z", "us-east-1", "logs", canonical));
        Assert.Equal("bfee8871148088e6c20a6315646142f74105be0a897270af99fb44ee553cb0c5",
            AWS4Signer.ComputeSignature(Key, Secret, "us-east-1", Time, "logs", "host", canonical).Signature);
    }

    private static string Get(params KeyValuePair<string, string>[] more) =>
        SigV4.CanonicalRequest("GET", "/", "", [new("host", "example.amazonaws.com"), new("x-amz-date", "20150830T123600Z"), .. more], []);
}
