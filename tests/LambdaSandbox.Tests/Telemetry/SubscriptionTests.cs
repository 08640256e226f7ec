using System.Net;
using System.Net.Sockets;
using System.Text;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Telemetry;

public sealed class SubscriptionTests
{
    private const string Uri = "http://sandbox.localdomain:4243/";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"types\":[\"platform\"],\"destination\":{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox.localdomain:1/\"}}")]
    public async Task Subscribe_BodyBroken_IsValidationError(string body) => await AssertRefusedAsync(body);

    [Theory]
    [InlineData("\"types\":[]")]
    [InlineData("\"types\":[\"platform\",\"metrics\"]")]
    [InlineData("\"schemaVersion\":\"2021-01-01\"")]
    [InlineData("\"buffering\":{\"maxItems\":999}")]
    [InlineData("\"buffering\":{\"maxItems\":10001}")]
    [InlineData("\"buffering\":{\"maxBytes\":262143}")]
    [InlineData("\"buffering\":{\"maxBytes\":1048577}")]
    [InlineData("\"buffering\":{\"timeoutMs\":24}")]
    [InlineData("\"buffering\":{\"timeoutMs\":30001}")]
    [InlineData("\"destination\":{\"protocol\":\"HTTP\",\"URI\":\"http://127.0.0.1:4243/\"}")]
    [InlineData("\"destination\":{\"protocol\":\"HTTP\",\"URI\":\"https://sandbox.localdomain:4243/\"}")]
    [InlineData("\"destination\":{\"protocol\":\"UDP\",\"port\":1}")]
    public async Task Subscribe_FieldOutOfRange_IsValidationError(string field)
    {
        var name = field[..field.IndexOf(':', StringComparison.Ordinal)];
        string[] fields =
        [
            "\"schemaVersion\":\"2025-01-29\"", "\"types\":[\"platform\"]", "\"buffering\":{\"timeoutMs\":25}",
            $"\"destination\":{{\"protocol\":\"HTTP\",\"URI\":\"{Uri}\"}}",
        ];
        await AssertRefusedAsync("{" + string.Join(',', fields.Select(f => f.StartsWith(name, StringComparison.Ordinal) ? field : f)) + "}");
    }

    [Theory]
    [InlineData("\"maxItems\":999", "'/buffering/maxItems': must be >= 1000 but found 999")]
    [InlineData("\"maxItems\":10001", "'/buffering/maxItems': must be <= 10000 but found 10001")]
    [InlineData("\"maxItems\":\"1000\"", "'/buffering/maxItems': expected integer, but got string")]
    [InlineData("\"maxItems\":1000.5", "'/buffering/maxItems': expected integer, but got number")]
    [InlineData("\"maxBytes\":262143", "'/buffering/maxBytes': must be >= 262144 but found 262143")]
    [InlineData("\"timeoutMs\":null", "'/buffering/timeoutMs': expected integer, but got null")]
    public async Task Subscribe_WrongBuffering_SaysWhatAndWhere(string field, string message)
    {
        var answer = await SubscribeAsync(PlayedExtension.Subscription(Uri, buffering: "{" + field + "}"));
        answer.Is(HttpStatusCode.BadRequest, "ValidationError", "schema validation error: " + message);
    }

    [Fact]
    public async Task Subscribe_BufferingIsNoObject_IsRefused() =>
        (await SubscribeAsync(PlayedExtension.Subscription(Uri, buffering: "5"))).Is(
            HttpStatusCode.BadRequest, "ValidationError", "schema validation error: '/buffering': expected object, but got number");

    [Fact]
    public async Task Subscribe_TcpOnAClosedPort_IsRefused()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        server.Stop();
        var answer = await SubscribeAsync($"{{\"schemaVersion\":\"2022-12-13\",\"types\":[\"platform\"],\"destination\":{{\"protocol\":\"TCP\",\"port\":{port}}}}}");
        answer.Is(
            HttpStatusCode.BadRequest, "ValidationError",
            $"Invalid destination: could not TCP dial provided address 127.0.0.1:{port}: dial tcp 127.0.0.1:{port}: connect: connection refused");
    }

    [Fact]
    public async Task Subscribe_AfterInit_IsClosed()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation, subscribe: false);
        var answer = await environment.Extension.SubscribeAsync(environment.Listener);
        Assert.Equal((HttpStatusCode.Forbidden, "Telemetry.SubscriptionClosed"), (answer.Status, answer.ErrorType));
    }

    [Fact]
    public async Task Subscribe_WhenRefused_Is202AndInitGoesOn()
    {
        var options = new SandboxOptions { PlayedExtensions = ["ext"], Faults = new SandboxFaults { RefuseTelemetry = true } };
        await using var lambda = await Sandbox.OpenAsync(options);
        _ = lambda.InitAsync(Cancellation);
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        await ext.RegisterAsync();
        var answer = await ext.SubscribeAsync(PlayedExtension.Subscription(Uri));
        Assert.Equal((HttpStatusCode.Accepted, "Telemetry.NotSupported"), (answer.Status, answer.ErrorType));
    }

    [Fact]
    public async Task Subscribe_RefusedSchema_FallsBack()
    {
        var options = new SandboxOptions { PlayedExtensions = ["ext"], Faults = new SandboxFaults { RefusedSchemaVersions = ["2025-01-29"] } };
        await using var lambda = await Sandbox.OpenAsync(options);
        _ = lambda.InitAsync(Cancellation);
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        await ext.RegisterAsync();
        Assert.Equal("ValidationError", (await ext.SubscribeAsync(PlayedExtension.Subscription(Uri))).ErrorType);
        var answer = await ext.SubscribeAsync(PlayedExtension.Subscription(Uri, schema: "2022-12-13"));
        Assert.Equal((HttpStatusCode.OK, "\"OK\""), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Subscribe_Tcp_GetsLines()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        await using var lambda = await Sandbox.OpenAsync(new SandboxOptions { PlayedExtensions = ["ext"] });
        _ = lambda.InitAsync(Cancellation);
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        await ext.RegisterAsync();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        await ext.SubscribeAsync(
            $"{{\"schemaVersion\":\"2022-12-13\",\"types\":[\"platform\"],\"buffering\":{{\"timeoutMs\":25}},\"destination\":{{\"protocol\":\"TCP\",\"port\":{port}}}}}");
        using var client = await server.AcceptTcpClientAsync(Cancellation);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        Assert.Contains("platform.initStart", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        Assert.Contains("platform.telemetrySubscription", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(string body)
    {
        var answer = await SubscribeAsync(body);
        Assert.Equal((HttpStatusCode.BadRequest, "ValidationError"), (answer.Status, answer.ErrorType));
    }

    private static async Task<Answer> SubscribeAsync(string body)
    {
        await using var lambda = await Sandbox.OpenAsync(new SandboxOptions { PlayedExtensions = ["ext"] });
        _ = lambda.InitAsync(Cancellation);
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        await ext.RegisterAsync();
        return await ext.SubscribeAsync(body);
    }
}
