using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class HiddenValuesTests
{
    [Theory]
    [InlineData("HTTP 401: the key abc-secret-123 is wrong", "HTTP 401: the key *** is wrong")]
    [InlineData("HTTP 401: 'Bearer abc-secret-123'", "HTTP 401: '***'")]
    [InlineData("HTTP 401: cut off in abc-secr", "HTTP 401: cut off in ***")]
    [InlineData("HTTP 401: no key, no abc", "HTTP 401: no key, no abc")]
    [InlineData("HTTP 200 of team 7", "HTTP 200 of team 7")]
    public void Hide_ServersWords_HaveNoValueOfAHeader(string said, string expected)
    {
        var endpoint = new OtlpEndpoint(
            new("http://c/v1/traces"), OtlpProtocol.HttpProtobuf, [new("authorization", "Bearer abc-secret-123"), new("team", "7")], TimeSpan.FromSeconds(1), false, default);

        Assert.Equal(expected, HiddenValues.Hide(new DeliveryResult(DeliveryStatus.Refused, Message: said), endpoint).Message);
    }

    /// <summary>A short key is hidden where it is a word of its own. Our own words and those around it stay.</summary>
    [Theory]
    [InlineData("api-key", "k1", "HTTP 401: the key k1 is wrong", "HTTP 401: the key *** is wrong")]
    [InlineData("api-key", "k1", "HTTP 401: {\"api-key\":\"k1\"}", "HTTP 401: {\"api-key\":\"***\"}")]
    [InlineData("api-key", "k1", "gRPC UNAUTHENTICATED: k1", "gRPC UNAUTHENTICATED: ***")]
    [InlineData("api-key", "k1", "HTTP 401: k1 k1, k1", "HTTP 401: *** ***, ***")]
    [InlineData("api-key", "k1", "HTTP 401: disk1 and k12 are full", "HTTP 401: disk1 and k12 are full")]
    [InlineData("api-key", "401", "HTTP 401: 401 is unknown", "HTTP 401: *** is unknown")]
    [InlineData("api-key", "401", "HTTP 401", "HTTP 401")]
    [InlineData("api-key", "", "HTTP 401: no key", "HTTP 401: no key")]
    [InlineData("Authorization", "Basic YTo=", "HTTP 401: YTo= is wrong, Basic is needed", "HTTP 401: *** is wrong, Basic is needed")]
    [InlineData("x-auth-token", "abc", "HTTP 401: 'abc'", "HTTP 401: '***'")]
    [InlineData("x-team", "blue", "HTTP 429: team blue sends too much", "HTTP 429: team blue sends too much")]
    public void Hide_ShortValue_IsHiddenOnlyAsAKeyAndAWord(string name, string value, string said, string expected)
    {
        var endpoint = new OtlpEndpoint(new("http://c/v1/traces"), OtlpProtocol.HttpProtobuf, [new(name, value)], TimeSpan.FromSeconds(1), false, default);

        Assert.Equal(expected, HiddenValues.Hide(new DeliveryResult(DeliveryStatus.Refused, Message: said), endpoint).Message);
    }

    [Theory]
    [InlineData("HTTP 403: abc%2Fsecret and abc/secret are unknown", "HTTP 403: *** and *** are unknown")]
    [InlineData("HTTP 403: key k1 of blue", "HTTP 403: key *** of blue")]
    public void Hide_QueryOfTheEndpoint_IsHiddenToo(string said, string expected)
    {
        var endpoint = new OtlpEndpoint(
            new("http://c/v1/traces?sig=abc%2Fsecret&key=k1&team=blue&flag"), OtlpProtocol.HttpProtobuf, [], TimeSpan.FromSeconds(1), false, default);

        Assert.Equal(expected, HiddenValues.Hide(new DeliveryResult(DeliveryStatus.Refused, Message: said), endpoint).Message);
    }

    /// <summary>What a reference stands for is a secret by definition.</summary>
    [Fact]
    public void Hide_ShortSecret_IsHidden() => Assert.Equal(
        "HTTP 401: *** is unknown", HiddenValues.Hide(new DeliveryResult(DeliveryStatus.Refused, Message: "HTTP 401: blue is unknown"), ["blue"]).Message);

    [Fact]
    public void Hide_NothingSaid_StaysAsItIs() =>
        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), HiddenValues.Hide(new DeliveryResult(DeliveryStatus.Delivered), ["secret"]));
}
