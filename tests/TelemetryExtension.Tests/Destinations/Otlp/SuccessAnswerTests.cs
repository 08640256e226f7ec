using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Destinations.Otlp;

/// <summary>The meaning of an answer with status 200 for any body.</summary>
public sealed class SuccessAnswerTests
{
    private const string Protobuf = "application/x-protobuf";

    [Theory]
    [InlineData("""{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}""", 3, "too old")]
    [InlineData("""{"partialSuccess":{"rejectedSpans":3,"errorMessage":"too old"}}""", 3, "too old")]
    [InlineData("""{"partial_success":{"rejected_data_points":"3","error_message":"too old"}}""", 3, "too old")]
    [InlineData("\uFEFF {\"partialSuccess\":{\"rejectedProfiles\":3.0}}", 3, null)]
    [InlineData("""{"x":1,"partialSuccess":{"rejectedSpans":"3","more":[]}}""", 3, null)]
    [InlineData("""{"partialSuccess":{"errorMessage":"deprecated"}}""", 0, "deprecated")]
    [InlineData("""{"partialSuccess":{"rejectedSpans":"-3"}}""", 0, null)]
    [InlineData("""{"partialSuccess":{"rejectedSpans":"many","errorMessage":7}}""", 0, null)]
    [InlineData("""{"partialSuccess":{"rejectedSpans":1e99}}""", int.MaxValue, null)]
    [InlineData("""{"partialSuccess":{}}""", 0, null)]
    [InlineData("""{"partialSuccess":null}""", 0, null)]
    [InlineData("{}", 0, null)]
    [InlineData(" \r\n{ }\n", 0, null)]
    [InlineData("", 0, null)]
    [InlineData("\n\n", 0, null)]
    public void Classify_OtlpResponseInJson_IsCounted(string body, int rejected, string? message)
    {
        foreach (var contentType in new[] { "application/json", "application/json; charset=utf-8", Protobuf, "text/plain", null })
            Assert.Equal(new(DeliveryStatus.Delivered, rejected, message), Classify(Encoding.UTF8.GetBytes(body), contentType));
    }

    [Theory]
    [InlineData("<!doctype html><html><head><title>Sign in</title>", "text/html; charset=utf-8", "HTTP 200 with a web page (text/html; charset=utf-8) 'Sign in': this is not an OTLP endpoint")]
    [InlineData("\n  <html>", "text/html", "HTTP 200 with a web page (text/html): this is not an OTLP endpoint")]
    [InlineData("<HTML><TITLE lang=en>Sign\nin</TITLE>", null, "HTTP 200 with a web page 'Sign in': this is not an OTLP endpoint")]
    [InlineData("<?xml version=\"1.0\"?><Error/>", "application/xml", "HTTP 200 with a web page (application/xml): this is not an OTLP endpoint")]
    [InlineData("<html>", Protobuf, "HTTP 200 with a web page (application/x-protobuf): this is not an OTLP endpoint")]
    public void Classify_WebPage_IsNotDelivered(string body, string? contentType, string message) =>
        Assert.Equal(new(DeliveryStatus.Refused, 0, message), Classify(Encoding.UTF8.GetBytes(body), contentType));

    [Theory]
    [InlineData("ok", "text/plain", "the answer is not an OTLP response (text/plain): ok")]
    [InlineData("Sign in", "text/html", "the answer is not an OTLP response (text/html): Sign in")]
    [InlineData("", "text/html", "the answer is not an OTLP response (text/html)")]
    [InlineData("""{"error":"no such index"}""", "application/json", """the answer is not an OTLP response (application/json): {"error":"no such index"}""")]
    [InlineData("""{"partialSuccess":3}""", null, """the answer is not an OTLP response: {"partialSuccess":3}""")]
    [InlineData("[]", "application/json", "the answer is not an OTLP response (application/json): []")]
    [InlineData("""{"partialSuccess":{"rejectedSpans":"3","err""", "application/json", """the answer is not an OTLP response (application/json): {"partialSuccess":{"rejectedSpans":"3","err""")]
    [InlineData("""{"partialSuccess":{"errorMessage":"\ud800"}}""", null, """the answer is not an OTLP response: {"partialSuccess":{"errorMessage":"\ud800"}}""")]
    public void Classify_SomethingElse_IsDeliveredWithAWarning(string body, string? contentType, string message) =>
        Assert.Equal(new(DeliveryStatus.Delivered, 0, message), Classify(Encoding.UTF8.GetBytes(body), contentType));

    [Theory]
    [InlineData("0a0f08")]
    [InlineData("ffffffff")]
    public void Classify_DamagedProtobuf_IsDeliveredWithAWarning(string hex) =>
        Assert.Equal(new(DeliveryStatus.Delivered, 0, "the answer is not an OTLP response (application/x-protobuf)"), Classify(Convert.FromHexString(hex), Protobuf));

    [Fact]
    public void Classify_UnknownEncoding_IsDeliveredWithAWarning()
    {
        Assert.Equal("the answer is not an OTLP response (encoded as br)", Classify([1, 2, 3], Protobuf, "br").Message);
        Assert.Equal(new(DeliveryStatus.Delivered), Classify([], Protobuf, "br"));
    }

    /// <summary>A few bytes must not expand to gigabytes.</summary>
    [Fact]
    public void Classify_CompressionBomb_IsCutOff()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            for (var i = 0; i < 256; i++)
                gzip.Write(new byte[1 << 20]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(DeliveryStatus.Delivered, Classify(packed.ToArray(), Protobuf, "gzip").Status);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    /// <summary>Every response has the same meaning in every encoding, whatever the content type claims.</summary>
    [Fact]
    public void Classify_AnyResponseInAnyEncoding_HasTheSameResult()
    {
        var responses = from rejected in Gen.Choose(0, 1_000_000)
                        from letters in Gen.Elements("too old", "zu alt: ä", "<html>", "{}", "", new string('x', 59), new string('x', 122))
                        from form in Gen.Choose(0, 3)
                        from encoding in Gen.Elements(null, "gzip", "x-gzip", "GZIP", "deflate", "identity", "gzip without a header")
                        from contentType in Gen.Elements(null, Protobuf, "application/json", "text/plain", "application/octet-stream")
                        select (rejected, letters, form, encoding, contentType);
        Prop.ForAll(Arb.From(responses), each =>
        {
            var body = Encoded(Form(each.form, each.rejected, each.letters), each.encoding);
            var expected = new DeliveryResult(DeliveryStatus.Delivered, each.rejected, each.letters.Length == 0 ? null : each.letters);
            return Classify(body, each.contentType, each.encoding == "gzip without a header" ? null : each.encoding) == expected;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Classify_AnyBytes_NeverThrowsAndIsNeverRetried() =>
        Prop.ForAll<byte[], string?>((body, contentType) => Classify(body ?? [], contentType).Status != DeliveryStatus.Retryable)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    private static DeliveryResult Classify(byte[] body, string? contentType, string? encoding = null) =>
        OtlpHttpResponse.Classify(new(200, body, contentType, encoding), DateTimeOffset.UnixEpoch);

    private static byte[] Form(int form, int rejected, string message) => form switch
    {
        0 => InProtobuf(rejected, message),
        1 => JsonSerializer.SerializeToUtf8Bytes(new { partialSuccess = new { rejectedLogRecords = rejected, errorMessage = message } }),
        2 => JsonSerializer.SerializeToUtf8Bytes(new { partialSuccess = new { rejectedSpans = rejected.ToString(System.Globalization.CultureInfo.InvariantCulture), errorMessage = message } }),
        _ => JsonSerializer.SerializeToUtf8Bytes(new { partial_success = new { rejected_data_points = rejected, error_message = message } }),
    };

    private static byte[] InProtobuf(int rejected, string message)
    {
        using var writer = new OtlpWriter();
        var mark = writer.Open(1);
        writer.Varint(1, (ulong)rejected);
        if (message.Length > 0)
            writer.String(2, message);
        writer.Close(mark);
        return writer.ToArray();
    }

    private static byte[] Encoded(byte[] body, string? encoding)
    {
        if (encoding is null or "identity")
            return body;
        var packed = new MemoryStream();
        using (Stream stream = encoding == "deflate" ? new ZLibStream(packed, CompressionLevel.Fastest, true) : new GZipStream(packed, CompressionLevel.Fastest, true))
            stream.Write(body);
        return packed.ToArray();
    }
}
