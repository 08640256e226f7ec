using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;

namespace TelemetryExtension.Tests.Destinations.Otlp;

/// <summary>For any header setting the telemetry arrives, and each header is either sent or named in a message.</summary>
public sealed class HeadersOnTheWireTests : DeliveryToBackend
{
    private static readonly string[] Known =
    [
        "content-type", "content-length", "content-encoding", "content-language", "content-location", "content-md5", "content-range", "content-disposition",
        "expires", "last-modified", "allow", "host", "connection", "keep-alive", "proxy-connection", "proxy-authorization", "transfer-encoding", "trailer", "te",
        "upgrade", "expect", "authorization", "cookie", "user-agent", "accept", "accept-encoding", "date", "from", "if-none-match", "range", "via", "warning",
        "cache-control", "pragma", "referer", "origin", "http2-settings", "grpc-timeout", "grpc-encoding", "x-telemetry-extension-batch-id", "x-api-key", "dd-api-key",
    ];

    private static readonly string[] Values = ["1", "", "text/plain", "gzip", "close", "Z%C3%BCrich", "a%0d%0ab: c", "%00", "a%2Cb", "bad value (with) <odd> things;=\"", "0", "chunked"];

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Deliver_EveryKnownHeader_Arrives(string protocol)
    {
        foreach (var name in Known)
            foreach (var value in (string[])["1", "text/plain", "gzip, br", "close"])
                await CheckAsync(protocol, $"x-ok=1,{name}={Uri.EscapeDataString(value)}");
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Deliver_AnyHeaders_Arrive(string protocol)
    {
        var name = Gen.OneOf(Gen.Elements(Known), Gen.Elements("x-a", "X_B", "x.c", "bad name", "ümlaut", "tr:ace", "", "(x)", "a\tb", "grpc-tags-bin", "x\u0001"));
        var member = from n in name from v in Gen.Elements(Values) from e in Gen.Elements("=", "", " = ") select n + e + v;
        foreach (var members in member.ArrayOf().Sample(60, 8))
            await CheckAsync(protocol, string.Join(',', [.. members, "x-ok=1"]));
    }

    private async Task CheckAsync(string protocol, string headers)
    {
        var problems = new SettingProblems();
        var variables = new Env
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? Backend.GrpcUrl : Backend.HttpUrl,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
            ["OTEL_EXPORTER_OTLP_HEADERS"] = headers,
        };
        var options = DeliveryOptions.From(variables.Read(problems));
        var destination = Assert.Single(OtlpDestinations.Create(options, TimeProvider.System));
        using (destination as IDisposable)
        {
            var result = await destination.DeliverAsync(DeliveryTestBench.LogPayload("x"), TestContext.Current.CancellationToken);
            Assert.True(result == new DeliveryResult(DeliveryStatus.Delivered), $"{headers}: {result}");
        }

        var request = Backend.Requests[^1];
        Assert.Equal("1", request.Headers["x-ok"]);
        var sent = OtlpHeaders.Parse(headers, out var leftOut);
        foreach (var (name, value) in sent)
            Assert.Equal(value.Trim(), request.Headers.GetValueOrDefault(name)?.Trim());
        Assert.Equal(leftOut.Count > 0, problems.Messages.Count > 0);
    }
}
