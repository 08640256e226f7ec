using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class OtlpHttpResponseTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(200, DeliveryStatus.Delivered)]
    [InlineData(202, DeliveryStatus.Delivered)]
    [InlineData(301, DeliveryStatus.Refused)]
    [InlineData(307, DeliveryStatus.Refused)]
    [InlineData(400, DeliveryStatus.Refused)]
    [InlineData(401, DeliveryStatus.Refused)]
    [InlineData(404, DeliveryStatus.Refused)]
    [InlineData(408, DeliveryStatus.Refused)]
    [InlineData(413, DeliveryStatus.Refused)]
    [InlineData(429, DeliveryStatus.Retryable)]
    [InlineData(500, DeliveryStatus.Refused)]
    [InlineData(501, DeliveryStatus.Refused)]
    [InlineData(502, DeliveryStatus.Retryable)]
    [InlineData(503, DeliveryStatus.Retryable)]
    [InlineData(504, DeliveryStatus.Retryable)]
    public void Classify_Status_AsTheSpecificationSays(int status, object expected)
    {
        var result = OtlpHttpResponse.Classify(new(status, []), Now);
        Assert.Equal((DeliveryStatus)expected, result.Status);
        Assert.Equal(status is 400 or 413, result.MayBeTooLargeOrPoisoned);
    }

    [Fact]
    public void Classify_PartialSuccess_CountsAndQuotes()
    {
        var result = OtlpHttpResponse.Classify(new(200, Partial(3, "too\nold"), "application/x-protobuf"), Now);
        Assert.Equal(new(DeliveryStatus.Delivered, 3, "too old"), result);
    }

    [Fact]
    public void Classify_WarningOnSuccess_RejectsNothing()
    {
        var result = OtlpHttpResponse.Classify(new(200, Partial(0, "deprecated"), "application/x-protobuf"), Now);
        Assert.Equal(new(DeliveryStatus.Delivered, 0, "deprecated"), result);
    }

    [Fact]
    public void Classify_NegativeRejected_IsZero() =>
        Assert.Equal(0, OtlpHttpResponse.Classify(new(200, Partial(ulong.MaxValue, ""), "application/x-protobuf"), Now).RejectedRecords);

    [Fact]
    public void Classify_StatusMessage_IsQuoted()
    {
        using var writer = new OtlpWriter();
        writer.Varint(1, 3);
        writer.String(2, "bad data");
        Assert.Equal("HTTP 400: bad data", OtlpHttpResponse.Classify(new(400, writer.ToArray(), "application/x-protobuf"), Now).Message);
        Assert.Equal("HTTP 502: <p>", OtlpHttpResponse.Classify(new(502, "<p>"u8.ToArray(), "text/html"), Now).Message);
        Assert.Equal("HTTP 502: Bad Gateway", OtlpHttpResponse.Classify(new(502, "<html><title>Bad Gateway</title>"u8.ToArray(), "text/html"), Now).Message);
        Assert.Equal("HTTP 400: old", OtlpHttpResponse.Classify(new(400, GzipBody.Compress("old"u8).ToArray(), "text/plain", "gzip"), Now).Message);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0", 0)]
    [InlineData("Sun, 22 Nov 2026 10:00:30 GMT", 30)]
    [InlineData("Sun, 22 Nov 2026 09:00:00 GMT", 0)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void RetryAfter_BothForms(string? header, int? seconds) =>
        Assert.Equal(seconds is { } s ? TimeSpan.FromSeconds(s) : null, OtlpHttpResponse.Classify(new(503, [], RetryAfter: header), Now).RetryAfter);

    [Theory]
    [InlineData("https://login.test/", "HTTP 302 redirects to https://login.test/, which is not followed: set it as the endpoint")]
    [InlineData("https://user:secret@login.test/a?key=secret#secret", "HTTP 302 redirects to https://login.test/a, which is not followed: set it as the endpoint")]
    [InlineData("/otlp/v1/logs", "HTTP 302 redirects to /otlp/v1/logs, which is not followed: set it as the endpoint")]
    [InlineData("bad\nvalue", "HTTP 302 redirects to bad value, which is not followed: set it as the endpoint")]
    [InlineData("", "HTTP 302: moved")]
    [InlineData(null, "HTTP 302: moved")]
    public void Classify_Redirect_SaysWhereTo(string? location, string expected) =>
        Assert.Equal(new(DeliveryStatus.Refused, 0, expected), OtlpHttpResponse.Classify(new(302, "moved"u8.ToArray(), Location: location), Now));

    [Theory]
    [InlineData("https://user:secret@host name/")]
    [InlineData("https://user:secret@login.test:99999/")]
    [InlineData("https://user:sec/ret@login.test/")]
    [InlineData("https://user:sec?ret@login.test/")]
    [InlineData("https://user:sec#ret@login.test/")]
    [InlineData("https:/user:secret@login.test/")]
    [InlineData("https:\\\\user:secret@login.test/")]
    [InlineData("https:///user:secret@login.test/")]
    [InlineData("https://user:secret@@login.test/")]
    [InlineData("//user:secret@login.test/")]
    [InlineData("/\\user:secret@login.test/")]
    [InlineData("user:secret@login.test")]
    [InlineData("ftp://user:secret@login.test/")]
    [InlineData(" https://user:secret@login.test/")]
    public void Classify_RedirectWithUserInfo_NeverShowsIt(string location)
    {
        var message = OtlpHttpResponse.Classify(new(302, [], Location: location), Now).Message;

        Assert.Contains("redirects to", message, StringComparison.Ordinal);
        Assert.DoesNotContain("user", message, StringComparison.Ordinal);
        Assert.DoesNotContain("sec", message, StringComparison.Ordinal);
        Assert.DoesNotContain("ret@", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/login?mail=a@b.test", "/login")]
    [InlineData("https://login.test/@tenant?mail=a@b.test", "https://login.test/@tenant")]
    [InlineData("https://login.test:8443?key=secret", "https://login.test:8443/")]
    public void Classify_RedirectWithAnAtSignOutsideUserInfo_ShowsTheAddress(string location, string shown) =>
        Assert.StartsWith($"HTTP 302 redirects to {shown}, ", OtlpHttpResponse.Classify(new(302, [], Location: location), Now).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    [InlineData(304)]
    [InlineData(418)]
    [InlineData(451)]
    [InlineData(599)]
    [InlineData(999)]
    public void Classify_OddStatus_IsRefusedAndNamed(int status) =>
        Assert.Equal(new(DeliveryStatus.Refused, 0, $"HTTP {status}"), OtlpHttpResponse.Classify(new(status, []), Now));

    private static byte[] Partial(ulong rejected, string message)
    {
        using var writer = new OtlpWriter();
        var mark = writer.Open(1);
        writer.Varint(1, rejected);
        if (message.Length > 0)
            writer.String(2, message);
        writer.Close(mark);
        return writer.ToArray();
    }
}
