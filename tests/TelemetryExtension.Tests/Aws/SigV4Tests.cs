using System.Text;
using Amazon.Runtime;
using TelemetryExtension.Aws;

namespace TelemetryExtension.Tests.Aws;

/// <summary>Checks vectors of AWS's published signing test suite (aws-signing-test-suite/v4): those whose request HttpClient can send.</summary>
public sealed class SigV4Tests
{
    private const string Token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    private const string Vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    private const string Unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly DateTimeOffset Time = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("/", null, Vanilla)]
    [InlineData("/", Token, "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8")]
    [InlineData("/example1/example2/../..", null, Vanilla)]
    [InlineData("//example//", null, "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84")]
    [InlineData("/?Param2=value2&Param1=value1", null, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")]
    [InlineData("/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", null, "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac")]
    [InlineData($"/?{Unreserved}={Unreserved}", null, "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197")]
    public void Sign_PublishedVector_GivesItsSignature(string path, string? token, string signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("https://example.amazonaws.com" + path));
        SigV4.Sign(request, [], Credentials(token), "service", "us-east-1", Time);

        Assert.Equal(
            $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date{(token is null ? "" : ";x-amz-security-token")}, Signature={signature}",
            Assert.Single(request.Headers.NonValidated["authorization"]));
        Assert.Equal("20150830T123600Z", Assert.Single(request.Headers.NonValidated["x-amz-date"]));
    }

    /// <summary>The suite's vector get-header-value-trim: blanks at both ends disappear, and several blanks become one.</summary>
    [Fact]
    public void CanonicalRequest_HeaderWithBlanks_IsFolded()
    {
        var canonical = SigV4.CanonicalRequest(
            "GET", new("https://example.amazonaws.com/"),
            [("host", "example.amazonaws.com"), ("my-header1", " value1 "), ("my-header2", " \"a   b   c\" "), ("x-amz-date", "20150830T123600Z")], []);

        Assert.Equal(
            "GET\n/\n\nhost:example.amazonaws.com\nmy-header1:value1\nmy-header2:\"a b c\"\nx-amz-date:20150830T123600Z\n\nhost;my-header1;my-header2;x-amz-date\n"
            + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            canonical);
    }

    /// <summary>Like botocore, the signature encodes the encoded path once more.</summary>
    [Theory]
    [InlineData("https://c/a%20b/v1/traces", "/a%2520b/v1/traces")]
    [InlineData("https://c/v1/traces?b=2&a=x%20y&a", "/v1/traces\na=&a=x%20y&b=2")]
    public void CanonicalRequest_Url_IsEncoded(string url, string expected) =>
        Assert.StartsWith("POST\n" + expected + "\n", SigV4.CanonicalRequest("POST", new(url), [], []), StringComparison.Ordinal);

    [Fact]
    public void Sign_Request_SignsWhatAwsReadsAndNothingThatProxiesChange()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("https://logs.eu-west-1.amazonaws.com:8443/v1/logs"))
        {
            Content = new ByteArrayContent("body"u8.ToArray()) { Headers = { { "Content-Type", "application/x-protobuf" }, { "Content-Encoding", "gzip" } } },
        };
        request.Headers.Add("User-Agent", "x");
        request.Headers.Add("x-aws-log-group", "g");
        SigV4.Sign(request, Encoding.UTF8.GetBytes("body"), Credentials(null), "logs", "eu-west-1", Time);
        SigV4.Sign(request, Encoding.UTF8.GetBytes("body"), Credentials(Token), "logs", "eu-west-1", Time);

        Assert.Contains(
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-aws-log-group,", Assert.Single(request.Headers.NonValidated["authorization"]), StringComparison.Ordinal);
    }

    private static ImmutableCredentials Credentials(string? token) => new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token);
}
