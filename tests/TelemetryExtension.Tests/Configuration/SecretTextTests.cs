using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class SecretTextTests
{
    private const string Key = "${arn:aws:secretsmanager:eu-west-1:123456789012:secret:key}";
    private const string Host = "${arn:aws:ssm:eu-west-1:123456789012:parameter/host}";

    [Theory]
    [InlineData(Key, "<key>")]
    [InlineData($"https://u:{Key}@{Host}:4318/x", "https://u:<key>@<host>:4318/x")]
    [InlineData($"a{Key}{Key}b", "a<key><key>b")]
    [InlineData("no ${secret} $ {arn:x} at all", "no ${secret} $ {arn:x} at all")]
    [InlineData("${arn:aws:s3:::x} stays", "${arn:aws:s3:::x} stays")]
    [InlineData("${arn:aws never ends", "${arn:aws never ends")]
    public void Expand_Text_HasValuesInTheirPlaces(string text, string expected) => Assert.Equal(expected, SecretText.Expand(text, (reference, _) => Value(reference)));

    [Fact]
    public void Expand_AValueIsMissing_IsNull() => Assert.Null(SecretText.Expand("a" + Key, (_, _) => null));

    [Fact]
    public void Expand_ValueThatLooksLikeAReference_IsNotExpandedAgain() => Assert.Equal(Host, SecretText.Expand(Key, (_, _) => Host));

    [Fact]
    public void Find_Text_HasNullForAReferenceThatNamesNoSecret() =>
        Assert.Equal([Key, null, Host], SecretText.Find($"{Key}-${{arn:aws:s3:::x}}-{Host}").Select(reference => reference?.ToString()));

    /// <summary>A key may have any characters. A secret that is a whole entry may have several headers.</summary>
    [Theory]
    [InlineData($"authorization=Bearer%20{Key}", "a,b=c%\n", "authorization", "Bearer a,b=c%")]
    [InlineData($"x=1, authorization=Basic%20{Key},y=2", " ä+b \n", "authorization", "Basic ä+b")]
    [InlineData($"x=1,{Key}", "authorization=Bearer%20abc,y=2\n", "authorization", "Bearer abc")]
    public void ExpandHeaders_Secret_IsTheValueOfItsHeader(string text, string secret, string name, string expected)
    {
        var expanded = SecretText.ExpandHeaders(text, _ => secret)!;
        var value = expanded.Split(',').Select(entry => entry.Trim().Split('=', 2)).Single(entry => entry[0] == name)[1];

        Assert.Equal(expected, Uri.UnescapeDataString(value));
    }

    private static string Value(SecretReference reference) => reference.Source.Service == SecretService.ParameterStore ? "<host>" : "<key>";
}
