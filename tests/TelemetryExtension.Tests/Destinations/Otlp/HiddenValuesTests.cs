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

    [Fact]
    public void Hide_NothingSaid_StaysAsItIs() =>
        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), HiddenValues.Hide(new DeliveryResult(DeliveryStatus.Delivered), ["secret"]));
}
