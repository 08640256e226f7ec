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
        var result = OtlpHttpResponse.Classify(status, [], null, null, Now);
        Assert.Equal((DeliveryStatus)expected, result.Status);
        Assert.Equal(status is 400 or 413, result.MayBeTooLargeOrPoisoned);
    }

    [Fact]
    public void Classify_PartialSuccess_CountsAndQuotes()
    {
        var result = OtlpHttpResponse.Classify(200, Partial(3, "too\nold"), "application/x-protobuf", null, Now);
        Assert.Equal(new(DeliveryStatus.Delivered, 3, "too old"), result);
    }

    [Fact]
    public void Classify_WarningOnSuccess_RejectsNothing()
    {
        var result = OtlpHttpResponse.Classify(200, Partial(0, "deprecated"), "application/x-protobuf", null, Now);
        Assert.Equal(new(DeliveryStatus.Delivered, 0, "deprecated"), result);
    }

    [Fact]
    public void Classify_NegativeRejected_IsZero() =>
        Assert.Equal(0, OtlpHttpResponse.Classify(200, Partial(ulong.MaxValue, ""), "application/x-protobuf", null, Now).RejectedRecords);

    [Theory]
    [InlineData("application/x-protobuf", "0a0f08")]
    [InlineData("application/x-protobuf", "ffffffff")]
    [InlineData("application/json", "7b7d")]
    [InlineData("text/html", "3c703e")]
    public void Classify_SuccessWithUnreadableBody_IsFinal(string contentType, string body) =>
        Assert.Equal(new(DeliveryStatus.Delivered), OtlpHttpResponse.Classify(200, Convert.FromHexString(body), contentType, null, Now));

    [Fact]
    public void Classify_StatusMessage_IsQuoted()
    {
        using var writer = new OtlpWriter();
        writer.Varint(1, 3);
        writer.String(2, "bad data");
        Assert.Equal("HTTP 400: bad data", OtlpHttpResponse.Classify(400, writer.Written, "application/x-protobuf", null, Now).Message);
        Assert.Equal("HTTP 502: <p>", OtlpHttpResponse.Classify(502, "<p>"u8, "text/html", null, Now).Message);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0", 0)]
    [InlineData("Sun, 22 Nov 2026 10:00:30 GMT", 30)]
    [InlineData("Sun, 22 Nov 2026 09:00:00 GMT", 0)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void RetryAfter_BothForms(string? header, int? seconds) =>
        Assert.Equal(seconds is { } s ? TimeSpan.FromSeconds(s) : null, OtlpHttpResponse.Classify(503, [], null, header, Now).RetryAfter);

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
