using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Streams;

namespace TelemetryExtension.Tests.Destinations.CloudWatch.Streams;

public sealed class LogNamesTests
{
    private static readonly LogNameValues Values = new("orders", "$LATEST", "2026/01/01/[$LATEST]0123456789abcdef");
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 23, 0, 0, TimeSpan.FromHours(-3));

    [Theory]
    [InlineData("/otel/{function}", "/otel/orders")]
    [InlineData("{function}:{version} x", "orders--LATEST-x")]
    [InlineData("{instance}", "2026/01/01/--LATEST-0123456789abcdef")]
    public void Group_Template_HasOnlyAllowedCharacters(string template, string expected) => Assert.Equal(expected, LogNames.Group(template, Values, Now));

    [Theory]
    [InlineData("{instance}", "2026/01/01/[$LATEST]0123456789abcdef")]
    [InlineData("{date}/*:{version}", "2026/01/03/--$LATEST")]
    [InlineData("a\nb", "a-b")]
    public void Stream_Template_HasOnlyAllowedCharacters(string template, string expected) => Assert.Equal(expected, LogNames.Stream(template, Values, Now));

    [Fact]
    public void Stream_NothingKnown_IsStillAName() => Assert.Equal("unknown", LogNames.Stream("{instance}", new(null, null, null), Now));

    [Fact]
    public void Group_TooLong_IsCut() => Assert.Equal(512, LogNames.Group(new string('a', 600), Values, Now).Length);

    [Theory]
    [InlineData("{function}/{foo}", "foo")]
    [InlineData("{function", "function")]
    [InlineData("plain", null)]
    [InlineData("{date}{instance}{version}{function}", null)]
    public void Unknown_Template_NamesTheBadPlaceholder(string template, string? expected) => Assert.Equal(expected, LogTarget.UnknownPlaceholders(template).FirstOrDefault());
}
