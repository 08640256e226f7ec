using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class GrpcResponseTests
{
    [Fact]
    public void Classify_EveryCode_AsTheSpecificationSays()
    {
        int[] retryable = [1, 4, 10, 11, 14, 15];
        for (var code = 1; code <= 20; code++)
        {
            var result = GrpcResponse.Classify(code.ToString(System.Globalization.CultureInfo.InvariantCulture), 200, null, null, []);
            Assert.Equal(retryable.Contains(code) ? DeliveryStatus.Retryable : DeliveryStatus.Refused, result.Status);
            Assert.Equal((code == 3, false), (result.MayBeTooLargeOrPoisoned, result.IsTooLarge));
        }
    }

    [Fact]
    public void Classify_ExhaustedWithRetryInfo_IsRetryable() =>
        Assert.Equal(TimeSpan.FromSeconds(2.5), GrpcResponse.Classify("8", 200, null, Details(2, 500_000_000), []).RetryAfter);

    /// <summary>The messages of gRPC's implementations in C, Go, Java, .NET and Rust, and of a collector without free memory.</summary>
    [Theory]
    [InlineData("8", "grpc: received message larger than max (4195328 vs. 4194304)", true)]
    [InlineData("8", "Received message larger than max (4195328 vs. 4194304)", true)]
    [InlineData("8", "gRPC message exceeds maximum size 4194304: 4195328", true)]
    [InlineData("8", "Received message exceeds the maximum configured message size.", true)]
    [InlineData("11", "Error, decoded message length too large: found 4195328 bytes, the limit is: 4194304 bytes", true)]
    [InlineData("8", "data refused due to high memory usage", false)]
    [InlineData("8", "quota exceeded", false)]
    public void Classify_Exhausted_IsTooLargeOnlyIfItSaysSo(string code, string said, bool isTooLarge)
    {
        var result = GrpcResponse.Classify(code, 200, Uri.EscapeDataString(said), null, []);
        Assert.Equal((DeliveryStatus.Refused, isTooLarge, isTooLarge), (result.Status, result.IsTooLarge, result.MayBeTooLargeOrPoisoned));
    }

    [Theory]
    [InlineData(400, DeliveryStatus.Refused)]
    [InlineData(401, DeliveryStatus.Refused)]
    [InlineData(404, DeliveryStatus.Refused)]
    [InlineData(429, DeliveryStatus.Retryable)]
    [InlineData(503, DeliveryStatus.Retryable)]
    [InlineData(500, DeliveryStatus.Refused)]
    public void Classify_NoGrpcStatus_FollowsHttp(int http, object expected) =>
        Assert.Equal((DeliveryStatus)expected, GrpcResponse.Classify(null, http, null, null, []).Status);

    [Theory]
    [InlineData(400, true, false)]
    [InlineData(413, true, true)]
    [InlineData(401, false, false)]
    [InlineData(500, false, false)]
    public void Classify_NoGrpcStatus_WhatIsAboutTheRequestIsTakenAsOverHttp(int http, bool mayBePoisoned, bool isTooLarge)
    {
        var result = GrpcResponse.Classify(null, http, null, null, []);
        Assert.Equal((DeliveryStatus.Refused, mayBePoisoned, isTooLarge), (result.Status, result.MayBeTooLargeOrPoisoned, result.IsTooLarge));
    }

    /// <summary>A gRPC status overrides the HTTP status.</summary>
    [Fact]
    public void Classify_GrpcStatus_BeatsTheHttpStatus() =>
        Assert.False(GrpcResponse.Classify("13", 413, null, null, []).MayBeTooLargeOrPoisoned);

    [Fact]
    public void Classify_Message_IsDecodedAndOnOneLine() =>
        Assert.Equal("gRPC UNAVAILABLE: zu viel Läm rm", GrpcResponse.Classify("14", 200, "zu viel L%C3%A4m%0Arm", null, []).Message);

    [Theory]
    [InlineData("!!!")]
    [InlineData("")]
    [InlineData("CgE")]
    [InlineData("/////w==")]
    public void RetryInfo_Unreadable_IsNone(string details) => Assert.Null(GrpcResponse.RetryInfo(details));

    [Fact]
    public void RetryInfo_WithoutPadding_IsRead() => Assert.Equal(TimeSpan.FromSeconds(1), GrpcResponse.RetryInfo(Details(1, 0).TrimEnd('=')));

    [Fact]
    public void RetryInfo_WithoutDelay_IsZero() => Assert.Equal(TimeSpan.Zero, GrpcResponse.RetryInfo(Details(null, 0)));

    [Theory]
    [InlineData("0000000000", "")]
    [InlineData("00000000020a00", "0a00")]
    [InlineData("01000000020a00", "")]
    [InlineData("00000000050a00", "")]
    [InlineData("00ffffffff0a00", "")]
    [InlineData("0000", "")]
    public void MessageOf_Frame(string body, string message) =>
        Assert.Equal(message, Convert.ToHexStringLower(GrpcContent.MessageOf(Convert.FromHexString(body), null)));

    [Fact]
    public void MessageOf_Compressed_IsUnpacked()
    {
        var packed = GzipBody.Compress([10, 0]).ToArray();
        byte[] body = [1, 0, 0, 0, (byte)packed.Length, .. packed];
        Assert.Equal([10, 0], GrpcContent.MessageOf(body, "gzip").ToArray());
        Assert.Empty(GrpcContent.MessageOf([1, 0, 0, 0, 2, 10, 0], "snappy").ToArray());
    }

    [Fact]
    public void Classify_OkWithABodyThatIsNone_IsDeliveredWithAWarning() =>
        Assert.Equal(new(DeliveryStatus.Delivered, 0, "the answer is not an OTLP response"), GrpcResponse.Classify("0", 200, null, null, [255, 255]));

    private static string Details(long? seconds, int nanos)
    {
        using var writer = new OtlpWriter();
        writer.Varint(1, 8);
        writer.String(2, "slow down");
        var other = writer.Open(3);
        writer.String(1, "type.googleapis.com/google.rpc.DebugInfo");
        writer.Close(other);
        var any = writer.Open(3);
        writer.String(1, "type.googleapis.com/google.rpc.RetryInfo");
        var info = writer.Open(2);
        if (seconds is { } whole)
        {
            var duration = writer.Open(1);
            writer.Varint(1, (ulong)whole);
            writer.Varint(2, (ulong)nanos);
            writer.Close(duration);
        }

        writer.Close(info);
        writer.Close(any);
        return Convert.ToBase64String(writer.Written);
    }
}
