using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class OtlpHeadersTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData(" ", "")]
    [InlineData("k1=v1,k2=v2", "k1=v1|k2=v2")]
    [InlineData(" K1 = v1 , ", "k1=v1")]
    [InlineData("Authorization=Basic%20abc==", "authorization=Basic abc==")]
    [InlineData("a=1%2C2", "a=1,2")]
    [InlineData("a=b+c", "a=b+c")]
    [InlineData("a=", "a=")]
    [InlineData("a=%zz", "a=%zz")]
    [InlineData("a=1,a=2", "a=2")]
    [InlineData("content-language=en,Expires=0,allow=GET", "content-language=en|expires=0|allow=GET")]
    public void Parse_BaggageSyntax(string? raw, string expected)
    {
        var headers = OtlpHeaders.Parse(raw, out var leftOut);
        Assert.Equal(expected, string.Join('|', headers.Select(header => $"{header.Key}={header.Value}")));
        Assert.Empty(leftOut);
    }

    [Theory]
    [InlineData("ok=1,secret", "entry 2 of 2 is not key=value")]
    [InlineData("=secret,ok=1", "an entry has no name")]
    [InlineData("api key=secret,ok=1", "'api key' is not a header name")]
    [InlineData("zür\u0001ich=secret,ok=1", "'z?r?ich' is not a header name")]
    [InlineData("x-place=Z%C3%BCrich%20secret,ok=1", "'x-place' has a value with characters that no header can carry")]
    [InlineData("x-place=Zürich secret,ok=1", "'x-place' has a value with characters that no header can carry")]
    [InlineData("x-evil=secret%0d%0aEvil:%201,ok=1", "'x-evil' has a value with characters that no header can carry")]
    [InlineData("x-nul=secret%00,ok=1", "'x-nul' has a value with characters that no header can carry")]
    [InlineData("Content-Type=secret,ok=1", "'content-type' is set by the extension itself")]
    [InlineData("content-length=5,ok=1", "'content-length' is set by the extension itself")]
    [InlineData("content-encoding=br,ok=1", "'content-encoding' is set by the extension itself")]
    [InlineData("transfer-encoding=chunked,ok=1", "'transfer-encoding' is set by the extension itself")]
    [InlineData("host=secret.test,ok=1", "'host' is set by the extension itself")]
    [InlineData("connection=close,ok=1", "'connection' is set by the extension itself")]
    [InlineData("keep-alive=5,ok=1", "'keep-alive' is set by the extension itself")]
    [InlineData("upgrade=h2c,ok=1", "'upgrade' is set by the extension itself")]
    [InlineData("te=gzip,ok=1", "'te' is set by the extension itself")]
    [InlineData("trailer=x,ok=1", "'trailer' is set by the extension itself")]
    [InlineData("expect=100-continue,ok=1", "'expect' is set by the extension itself")]
    [InlineData(":path=/secret,ok=1", "':path' is not a header name")]
    public void Parse_HeaderThatCannotBeSent_IsNamedWithoutItsValue(string raw, string expected)
    {
        Assert.Equal([new("ok", "1")], OtlpHeaders.Parse(raw, out var leftOut));
        Assert.StartsWith(expected, Assert.Single(leftOut), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", leftOut[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_LongName_IsCut() =>
        Assert.True(OtlpHeaders.Parse(new string('ä', 5000) + "=1", out var leftOut).Count == 0 && Assert.Single(leftOut).Length < 100);

    /// <summary>For any setting each member is either sent or reported with a reason, and what is sent is valid.</summary>
    [Fact]
    public void Parse_AnyText_NeverThrowsAndLosesNothing() =>
        Prop.ForAll<string?>(text =>
        {
            var headers = OtlpHeaders.Parse(text, out var leftOut);
            var members = (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return headers.Count + leftOut.Count <= members.Length && (members.Length == 0) == (headers.Count + leftOut.Count == 0)
                && headers.TrueForAll(static header => OtlpHeaders.Problem(header.Key, header.Value) is null);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
}
