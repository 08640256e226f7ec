using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class OtlpHeadersTests
{
    [Theory]
    [InlineData(null, "", 0)]
    [InlineData(" ", "", 0)]
    [InlineData("k1=v1,k2=v2", "k1=v1|k2=v2", 0)]
    [InlineData(" K1 = v1 , ", "k1=v1", 0)]
    [InlineData("Authorization=Basic%20abc==", "authorization=Basic abc==", 0)]
    [InlineData("a=1%2C2", "a=1,2", 0)]
    [InlineData("a=b+c", "a=b+c", 0)]
    [InlineData("a=", "a=", 0)]
    [InlineData("a=%zz", "a=%zz", 0)]
    [InlineData("a=1,a=2", "a=2", 0)]
    [InlineData("novalue,=x,b a=1,ok=1", "ok=1", 3)]
    [InlineData("a=x%0d%0aEvil:%201", "", 1)]
    [InlineData("content-length=5,te=x", "", 2)]
    public void Parse_BaggageSyntax(string? raw, string expected, int unreadable)
    {
        var headers = OtlpHeaders.Parse(raw, out var bad);
        Assert.Equal(expected, string.Join('|', headers.Select(header => $"{header.Key}={header.Value}")));
        Assert.Equal(unreadable, bad);
    }
}
