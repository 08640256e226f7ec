using System.Globalization;
using EndToEnd.Tests.Trouble;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Network;

/// <summary>HTTP_PROXY, HTTPS_PROXY and NO_PROXY as curl and Go read them.</summary>
public sealed class ProxyTests
{
    private const string Host = "otlp.backend.test";

    /// <summary>A name that does not exist without the proxy.</summary>
    [Theory]
    [InlineData("http/protobuf", "HTTP_PROXY", "http://127.0.0.1:@", "POST http://otlp.backend.test:")]
    [InlineData("http/protobuf", "all_proxy", "127.0.0.1:@", "POST http://otlp.backend.test:")]
    [InlineData("grpc", "http_proxy", "http://127.0.0.1:@", "CONNECT otlp.backend.test:")]
    public async Task Through_the_proxy_everything_arrives(string protocol, string variable, string proxy, string request)
    {
        using var hosts = new Hosts();
        await using var run = await Run.StartAsync(hosts, protocol, null, (variable, proxy), ("NO_PROXY", "other.test, 10.0.0.0/8,notbackend.test"));
        var results = await run.Lambda.OrdersAsync(3);
        (await run.Lambda.EndAsync()).CheckAllArrived(results);
        Assert.NotEmpty(run.Proxy.Requests);
        Assert.All(run.Proxy.Requests, line => Assert.StartsWith(request, line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task User_and_password_of_the_proxy_are_sent(string protocol)
    {
        using var hosts = new Hosts();
        await using var run = await Run.StartAsync(hosts, protocol, "user:p@ss/w", ("HTTP_PROXY", "http://user:p@ss/w@127.0.0.1:@"));
        var results = await run.Lambda.OrdersAsync(2);
        (await run.Lambda.EndAsync()).CheckAllArrived(results);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_proxy_that_refuses_costs_no_data_and_is_named(string protocol)
    {
        using var hosts = new Hosts();
        await using var run = await Run.StartAsync(hosts, protocol, "user:other", ("HTTP_PROXY", "http://user:secret@127.0.0.1:@"));
        await run.Lambda.OrdersAsync(2);
        var outcome = await run.Lambda.EndAsync();
        outcome.CheckNoneArrived(2);
        Assert.Contains(outcome.Said, static line => line.Contains("407", StringComparison.Ordinal));
        Assert.DoesNotContain(outcome.Said, static line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http/protobuf", "backend.test")]
    [InlineData("http/protobuf", "x.invalid, .Backend.Test")]
    [InlineData("http/protobuf", "*")]
    [InlineData("grpc", "otlp.backend.test")]
    public async Task Past_the_proxy_everything_arrives(string protocol, string noProxy)
    {
        using var hosts = new Hosts($"127.0.0.1 {Host}");
        await using var run = await Run.StartAsync(hosts, protocol, null, ("HTTP_PROXY", "http://127.0.0.1:@"), ("NO_PROXY", noProxy));
        var results = await run.Lambda.OrdersAsync(2);
        (await run.Lambda.EndAsync()).CheckAllArrived(results);
        Assert.Empty(run.Proxy.Requests);
    }

    [Fact]
    public async Task A_proxy_that_is_no_URL_is_named_and_left_out()
    {
        using var hosts = new Hosts($"127.0.0.1 {Host}");
        await using var run = await Run.StartAsync(hosts, "http/protobuf", null, ("HTTP_PROXY", "ftp://user:secret@proxy.test"));
        var results = await run.Lambda.OrdersAsync(2);
        var outcome = await run.Lambda.EndAsync();
        outcome.CheckAllArrived(results);
        Assert.DoesNotContain("secret", outcome.Line("HTTP_PROXY"), StringComparison.Ordinal);
    }

    /// <param name="Proxy">Connects every host name to the backend.</param>
    private sealed record Run(LambdaUnderTest Lambda, ForwardProxy Proxy) : IAsyncDisposable
    {
        /// <param name="environment">@ stands for the proxy's port.</param>
        public static async Task<Run> StartAsync(Hosts hosts, string protocol, string? credentials, params (string Name, string Value)[] environment)
        {
            var ports = new OtlpBackendOptions { HttpPort = Port(), GrpcPort = Port() };
            var port = protocol == "grpc" ? ports.GrpcPort : ports.HttpPort;
            var proxy = new ForwardProxy($"http://127.0.0.1:{port}", credentials);
            var lambda = await LambdaUnderTest.StartAsync(
                ports, hosts.In,
                [
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{Host}:{port}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"),
                    .. environment.Select(variable => (variable.Name, (string?)variable.Value.Replace(":@", $":{proxy.Port}", StringComparison.Ordinal))),
                ]);
            return new(lambda, proxy);
        }

        public async ValueTask DisposeAsync()
        {
            await Lambda.DisposeAsync();
            await Proxy.DisposeAsync();
        }

        private static int Port() => int.Parse(FreePort.Find(), CultureInfo.InvariantCulture);
    }
}
