using System.Globalization;
using System.Net;
using EndToEnd.Tests.CloudWatch;
using EndToEnd.Tests.Tools;
using EndToEnd.Tests.Trouble;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Network;

/// <summary>
/// A host with two addresses. The first, IPv6, accepts connections into a full queue. A dead node of a load balancer looks like that, and so does a network
/// without an IPv6 route.
/// </summary>
[Collection(CloudWatchCollection.Name)]
public sealed class AddressTests(LocalCloudWatch cloudWatch)
{
    private const string Host = "dual.test";

    /// <summary>Less than the budget, but enough for a busy machine.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(500);

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_backend_whose_first_address_is_silent_costs_no_data_and_holds_one_invocation(string protocol)
    {
        using var hosts = TwoAddresses();
        var ports = Ports();
        var port = protocol == "grpc" ? ports.GrpcPort : ports.HttpPort;
        using var silent = new SilentAddress(IPAddress.IPv6Loopback, port);
        await using var lambda = await LambdaUnderTest.StartAsync(
            ports, hosts.In, ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{Host}:{port}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"), (FaultRun.Budget, "1000"));
        var results = await lambda.OrdersAsync(4);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
        Assert.All(results.Skip(1), static result => Assert.InRange(result.ExtensionOverhead, TimeSpan.Zero, AtOnce));
    }

    [Fact]
    public async Task A_proxy_whose_first_address_is_silent_costs_no_data()
    {
        using var hosts = TwoAddresses();
        await using var lambda = await LambdaUnderTest.StartAsync(
            hosts.In, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://backend.invalid:4318"), (FaultRun.Strategy, "end"), (FaultRun.Budget, "1000"),
            ("HTTP_PROXY", $"http://{Host}:{ProxyPort}"));
        await using var proxy = new ForwardProxy(lambda.Backend.HttpUrl, port: ProxyPort);
        using var silent = new SilentAddress(IPAddress.IPv6Loopback, ProxyPort);
        var results = await lambda.OrdersAsync(3);
        (await lambda.EndAsync()).CheckAllArrived(results);
        Assert.NotEmpty(proxy.Requests);
    }

    [Fact]
    public async Task CloudWatch_whose_first_address_is_silent_receives_everything()
    {
        using var hosts = TwoAddresses();
        var url = cloudWatch.Url;
        using var silent = new SilentAddress(IPAddress.IPv6Loopback, url.Port);
        var group = $"/dual/{Guid.NewGuid():N}";
        await using var lambda = await LambdaUnderTest.StartAsync(
            hosts.In, ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", $"http://{Host}:{url.Port}"), ("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", group), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"));
        var results = await lambda.OrdersAsync(2, heldAtMost: TimeSpan.FromSeconds(2));
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.NotEmpty(await cloudWatch.EventsAsync(group));
    }

    [Fact]
    public async Task Replay_to_a_host_whose_first_address_is_silent_sends_everything()
    {
        using var hosts = TwoAddresses();
        var ports = Ports();
        using var silent = new SilentAddress(IPAddress.IPv6Loopback, ports.HttpPort);
        await using var lambda = await LambdaUnderTest.StartAsync(ports, null, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"));
        await lambda.OrdersAsync(1);
        var outcome = await lambda.EndAsync();
        using var folder = new TemporaryFolder();
        var letters = folder.File("letters.txt");
        await File.WriteAllLinesAsync(letters, outcome.DeadLetters, TestContext.Current.CancellationToken);

        var command = hosts.Command(Path.Combine(lambda.Sandbox.Opt, "extensions", "telemetry-extension"), "replay", letters, "--endpoint", $"http://{Host}:{ports.HttpPort}");
        var replay = await Tool.RunAsync(Tool.Require(command[0]), command[1..]);

        Assert.True(replay.ExitCode == 0, replay.All);
        Assert.NotEmpty(lambda.Backend.LogRecords);
    }

    private static int ProxyPort { get; } = int.Parse(FreePort.Find(), CultureInfo.InvariantCulture);

    private static Hosts TwoAddresses()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6 && File.Exists("/proc/net/if_inet6"), "this machine has no IPv6 loopback");
        return new($"::1 {Host}", $"127.0.0.1 {Host}");
    }

    private static OtlpBackendOptions Ports() =>
        new() { HttpPort = int.Parse(FreePort.Find(), CultureInfo.InvariantCulture), GrpcPort = int.Parse(FreePort.Find(), CultureInfo.InvariantCulture) };
}
