using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LambdaSandbox.Backend;

namespace LambdaSandbox.Tests.Backend;

public sealed class OtlpBackendGrpcTests : IAsyncLifetime
{
    private readonly OtlpClient _client = new();
    private OtlpBackend _backend = null!;

    public async ValueTask InitializeAsync() =>
        _backend = await OtlpBackend.StartAsync(new() { MaxRequestBytes = 10_000 }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _backend.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Export_Traces_AnswersAnEmptyMessageAndStatusOkInTrailers(bool gzip)
    {
        var answer = await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace, gzip);

        Assert.Equal((HttpStatusCode.OK, GrpcStatus.Ok, false), (answer.Http, answer.Status, answer.TrailersOnly));
        Assert.Equal(new byte[5], answer.Body);
        var request = Assert.Single(_backend.Requests);
        Assert.Equal((OtlpProtocol.Grpc, gzip, 200, GrpcStatus.Ok), (request.Protocol, request.Compressed, request.HttpStatus!.Value, request.GrpcStatus!.Value));
        Assert.Equal(OtlpVectors.Trace, request.Body.ToArray());
        Assert.Equal("demo", Assert.Single(_backend.Spans).Span.Name);
    }

    [Fact]
    public async Task Export_LogsAndMetrics_GoToTheirOwnServices()
    {
        await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Log, path: "/opentelemetry.proto.collector.logs.v1.LogsService/Export");
        await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Metric, path: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");

        Assert.Equal("hi", Assert.Single(_backend.LogRecords).LogRecord.Body.StringValue);
        Assert.Equal("faas.coldstarts", Assert.Single(_backend.Metrics).Metric.Name);
    }

    [Theory]
    [InlineData("0a05ff", null, GrpcStatus.Internal)]
    [InlineData("0000000002", null, GrpcStatus.Internal)]
    [InlineData("00", null, GrpcStatus.Internal)]
    [InlineData("0100000000", null, GrpcStatus.Internal)]
    [InlineData("0100000000", "zstd", GrpcStatus.Unimplemented)]
    [InlineData("00000000020aff", null, GrpcStatus.Internal)]
    public async Task Export_WrongFrame_IsRefusedByStatus(string frame, string? encoding, int status)
    {
        var answer = await _client.ExportAsync(_backend.GrpcUrl, [], frame: Convert.FromHexString(frame), encoding: encoding);

        Assert.Equal((HttpStatusCode.OK, (int?)status, true), (answer.Http, answer.Status, answer.TrailersOnly));
        Assert.NotEmpty(answer.Message);
    }

    [Fact]
    public async Task Export_UnknownMethod_IsUnimplemented()
    {
        Assert.Equal(GrpcStatus.Unimplemented, (await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace, path: "/x.Y/Z")).Status);
    }

    [Fact]
    public async Task Export_OverTheLimit_IsResourceExhausted()
    {
        Assert.Equal(GrpcStatus.ResourceExhausted, (await _client.ExportAsync(_backend.GrpcUrl, new byte[10_001])).Status);
    }

    [Fact]
    public async Task Tls_BothProtocols_PresentTheCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=backend", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var backend = await OtlpBackend.StartAsync(new() { Certificate = certificate }, TestContext.Current.CancellationToken);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented!.GetCertHashString() == certificate.GetCertHashString();
        using var client = new OtlpClient(handler);

        Assert.StartsWith("https://", backend.HttpUrl, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(backend.HttpUrl + "/v1/traces", OtlpVectors.Trace)).Status);
        Assert.Equal(GrpcStatus.Ok, (await client.ExportAsync(backend.GrpcUrl, OtlpVectors.Trace)).Status);
    }
}
