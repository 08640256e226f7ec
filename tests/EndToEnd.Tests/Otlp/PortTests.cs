using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Otlp;

public sealed class PortTests
{
    [Fact]
    public async Task Both_ports_are_taken_logs_each_once_and_continues_without_them()
    {
        using var http = new TcpListener(IPAddress.Loopback, 0);
        using var grpc = new TcpListener(IPAddress.Loopback, 0);
        http.Start();
        grpc.Start();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", Port(http)), ("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", Port(grpc)));
        var first = await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var second = await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var outcome = await lambda.EndAsync();

        Assert.Equal(2, outcome.Said.Count);
        Assert.Contains("continuing without it", outcome.Line($"OTLP/HTTP on port {Port(http)}"), StringComparison.Ordinal);
        Assert.Contains("continuing without it", outcome.Line($"OTLP/gRPC on port {Port(grpc)}"), StringComparison.Ordinal);
        Assert.False(outcome.Invocation(first).IsError() || outcome.Invocation(second).IsError());
    }

    [Fact]
    public async Task One_port_is_taken_the_other_one_receives()
    {
        using var http = new TcpListener(IPAddress.Loopback, 0);
        http.Start();
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", Port(http)), ("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", port));
        using var client = new ReceiverClient(port);
        int? status = null;
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions
        {
            WhileRunning = async _ => status = await client.CallAsync(ReceiverClient.Frame(Payloads.Of(LambdaSandbox.Backend.OtlpSignal.Traces, "by gRPC"))),
        });
        var outcome = await lambda.EndAsync();

        Assert.Equal(0, status);
        outcome.Single("by gRPC");
        Assert.Single(outcome.Said);
    }

    [Fact]
    public async Task Our_port_is_taken_by_the_collector_that_is_the_destination_is_no_loop()
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { HttpPort = int.Parse(port, CultureInfo.InvariantCulture) }, null, ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port));
        var result = await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var outcome = await lambda.EndAsync();

        Assert.False(outcome.Invocation(result).IsError());
        outcome.Line("continuing without it");
        Assert.Single(outcome.Said);
    }

    [Fact]
    public async Task A_disabled_receiver_does_not_listen_and_logs_nothing()
    {
        var (http, grpc) = (FreePort.Find(), FreePort.Find());
        await using var lambda = await LambdaUnderTest.StartAsync(
            null,
            ("TELEMETRY_EXTENSION_OTLP_RECEIVER", "false"), ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", http), ("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", grpc));
        foreach (var port in new[] { http, grpc })
        {
            using var client = new ReceiverClient(port);
            var refused = await Assert.ThrowsAsync<SocketException>(client.ConnectAsync);
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }

        var result = await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var outcome = await lambda.EndAsync();

        Assert.Empty(outcome.Said);
        Assert.False(outcome.Invocation(result).IsError());
    }

    /// <summary>The user follows an SDK's guide and sets the standard variable to localhost, for both of its readers.</summary>
    [Theory]
    [InlineData("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", "localhost")]
    [InlineData("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", "sandbox.localdomain")]
    [InlineData("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", "ip6-localhost")]
    [InlineData("TELEMETRY_EXTENSION_TELEMETRY_PORT", "127.0.0.1")]
    public async Task An_endpoint_at_the_extensions_own_receiver_is_logged_once_and_makes_no_loop(string setting, string host)
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, (setting, port), ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{host}:{port}"), ("DEMO_OTEL", "true"));
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var outcome = await lambda.EndAsync();

        Assert.Contains("this extension itself", outcome.Line("OTEL_EXPORTER_OTLP_ENDPOINT points"), StringComparison.Ordinal);
        Assert.Equal(0, outcome.Ledger.Accounts.Where(account => account.Name != "events").Sum(account => account.Account.Exported));
        Assert.True(outcome.Ledger.Traces.DroppedFor("no_destination") > 0);
        Assert.Empty(lambda.Backend.Requests);
    }

    /// <summary>For runtimes without wrappers: the standard variable is for the SDK, the extension's own for the extension, and there is no warning.</summary>
    [Fact]
    public async Task Own_endpoint_is_set_too_the_SDKs_one_is_no_loop()
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with
            {
                Environment = new Dictionary<string, string>(options.Environment)
                {
                    ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = options.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"],
                    ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://localhost:{port}",
                },
            },
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port), ("DEMO_OTEL", "true"));
        var result = await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var outcome = await lambda.EndAsync();

        Assert.Empty(outcome.Said);
        outcome.Child(outcome.Invocation(result), "process order");
    }

    private static string Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
