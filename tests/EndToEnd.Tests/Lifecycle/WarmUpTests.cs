using System.Net;
using System.Net.Security;
using System.Text.RegularExpressions;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Lifecycle;

/// <summary>What the init phase does for the first invocation, over a network that counts connections. The extension is not frozen before it.</summary>
[Collection(nameof(Alone))]
public sealed partial class WarmUpTests : IAsyncDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>Whoever has not connected after this long, on a busy machine, does not.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1.5);

    /// <summary>A runtime that takes its time to initialise. Without a freeze the warm-up runs meanwhile.</summary>
    private static readonly IReadOnlyList<string> SlowRuntime = ["/bin/sh", "-c", "sleep 0.5; exec \"$LAMBDA_TASK_ROOT/bootstrap\""];

    private ForgetfulProxy? _network;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http/protobuf", 3)]
    [InlineData("grpc", 1)]
    public async Task The_first_flush_finds_its_connections_open(string protocol, int connections)
    {
        await using var lambda = await StartAsync(protocol, InitializationType.OnDemand);
        await ConnectedAsync(connections);
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        Assert.Equal(connections, _network!.Connections);
        Assert.Empty(outcome.Said);
        outcome.CheckAllArrived(results);
        // What was made up is nowhere to be seen.
        Assert.Equal(2, outcome.Received.Count(received => received.Span.Kind == OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind.Server));
        Assert.DoesNotContain(outcome.Logs, log => log.Body.StringValue.Contains("made up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_TLS_too_the_first_flush_finds_its_connections_open()
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        await using var lambda = await StartAsync(
            "http/protobuf", InitializationType.OnDemand, new OtlpBackendOptions { Certificate = certificate }, ("OTEL_EXPORTER_OTLP_CERTIFICATE", certificates.File));
        await ConnectedAsync(3);
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        Assert.Equal(3, _network!.Connections);
        Assert.Empty(outcome.Said);
        outcome.CheckAllArrived(results);
    }

    /// <summary>Whatever happened to the connections while nobody ran: closed, forgotten, or only old.</summary>
    [Theory]
    [InlineData("http/protobuf", "closed")]
    [InlineData("http/protobuf", "forgotten")]
    [InlineData("grpc", "closed")]
    [InlineData("grpc", "forgotten")]
    public async Task A_freeze_before_the_first_INVOKE_costs_nothing(string protocol, string what)
    {
        await using var lambda = await StartAsync(protocol, InitializationType.OnDemand);
        await ConnectedAsync(protocol == "grpc" ? 1 : 3);
        await lambda.Sandbox.FreezeWhileAsync(
            async () =>
            {
                if (what == "forgotten")
                {
                    _network!.Forget();
                    // Longer than a prepared connection is used.
                    await Task.Delay(TimeSpan.FromSeconds(9), Cancellation);
                }
                else
                {
                    await lambda.Backend.PauseAsync(Cancellation);
                    await lambda.Backend.ResumeAsync(Cancellation);
                }
            },
            Cancellation);
        var results = await lambda.OrdersAsync(1);
        var arrived = lambda.Backend.LogRecords.Count;
        var outcome = await lambda.EndAsync();

        Assert.Equal(FaultRun.LinesPerOrder, arrived);
        Assert.Empty(outcome.Said);
        outcome.CheckAllArrived(results);
    }

    /// <summary>Copies of a snapshot must not share a connection. With provisioned concurrency it would be too old, and who turned it off wants none.</summary>
    [Theory]
    [InlineData(InitializationType.SnapStart, "true")]
    [InlineData(InitializationType.ProvisionedConcurrency, "true")]
    [InlineData(InitializationType.OnDemand, "false")]
    public async Task No_connection_is_opened_ahead_where_it_must_not_be(InitializationType type, string setting)
    {
        await using var lambda = await StartAsync("http/protobuf", type, null, ("TELEMETRY_EXTENSION_WARM_UP", setting));
        await Task.Delay(Long, Cancellation);
        Assert.Equal(0, _network!.Connections);
        var results = await lambda.OrdersAsync(1);
        (await lambda.EndAsync()).CheckAllArrived(results);
    }

    [Fact]
    public async Task A_backend_that_never_answers_the_handshake_costs_what_it_cost_before()
    {
        await using var hanging = new HangingEndpoint();
        await using var lambda = await LambdaUnderTest.StartAsync(
            static options => options with { Freeze = FreezeMode.None },
            (Endpoint, hanging.Url.Replace("http:", "https:", StringComparison.Ordinal)), (FaultRun.Strategy, "end"));
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(results.Count);
    }

    /// <summary>Init and invocations succeed, and the log and the ledger say the same as without a warm-up.</summary>
    [Theory]
    [InlineData("it refuses connections")]
    [InlineData("it refuses the key")]
    [InlineData("its certificate is not trusted")]
    [InlineData("there is none")]
    public async Task A_backend_in_trouble_costs_what_it_costs_without_a_warm_up(string trouble)
    {
        var without = await InTroubleAsync(trouble, "false");
        Assert.Equal(without, await InTroubleAsync(trouble, "true"));
    }

    /// <param name="offer">What the server answers to a client that offers only h2.</param>
    [Theory]
    [InlineData("http/1.1")]
    [InlineData("nothing")]
    public async Task A_gRPC_backend_that_speaks_only_HTTP_1_1_costs_one_line_and_no_data(string offer)
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        await using var lambda = await LambdaUnderTest.StartAsync(
            new() { Certificate = certificate, TlsProtocols = offer == "nothing" ? [] : [SslApplicationProtocol.Http11] },
            static options => options with { Freeze = FreezeMode.None, Command = SlowRuntime },
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), (FaultRun.Strategy, "end"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", certificates.File));
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(3);
        Assert.Empty(lambda.Backend.Requests);
        Assert.Single(outcome.Said);
    }

    public async ValueTask DisposeAsync()
    {
        if (_network is not null)
            await _network.DisposeAsync();
    }

    private async Task ConnectedAsync(int connections)
    {
        using var patience = new CancellationTokenSource(Soon);
        while (_network!.Connections < connections)
            await Task.Delay(TimeSpan.FromMilliseconds(10), patience.Token);
        // TLS, and what follows the connections, may still be under way.
        await Task.Delay(Long, Cancellation);
    }

    /// <summary>Runs two invocations and returns what the log and the ledger say, without the ports.</summary>
    private static async Task<IReadOnlyList<string>> InTroubleAsync(string trouble, string warmUp)
    {
        using var refusing = new RefusingEndpoint();
        using var certificates = new Certificates();
        using var certificate = trouble.Contains("certificate", StringComparison.Ordinal) ? certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1)) : null;
        List<(string, string?)> environment = [("TELEMETRY_EXTENSION_WARM_UP", warmUp), (FaultRun.Strategy, "end")];
        if (trouble == "it refuses connections")
            environment.Add((Endpoint, refusing.Url));
        if (trouble == "there is none")
            environment.Add((Endpoint, null));
        await using var lambda = await LambdaUnderTest.StartAsync(
            new() { Certificate = certificate }, static options => options with { Freeze = FreezeMode.None, Command = SlowRuntime }, environment);
        lambda.Backend.Respond = Faults.Always(Fault.Http(401));
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        Assert.Equal(trouble == "it refuses the key", lambda.Backend.Requests.Count > 0);
        if (trouble == "there is none")
            Assert.All(outcome.Ledger.Accounts.Where(static one => one.Name != "events"), static one => Assert.Equal(one.Account.Received, one.Account.DroppedFor("no_destination")));
        else
            outcome.CheckNoneArrived(results.Count);
        // Log lines are the only records whose number does not depend on time.
        return [.. outcome.Said.Select(static line => Varying().Replace(line, "*")).Order(StringComparer.Ordinal), $"{outcome.Ledger.Logs}"];
    }

    /// <summary>The port, and the signal whose request failed first.</summary>
    [GeneratedRegex(@":\d{4,5}\b|\b(traces|metrics|logs)\b")]
    private static partial Regex Varying();

    private Task<LambdaUnderTest> StartAsync(
        string protocol, InitializationType type, OtlpBackendOptions? backend = null, params IReadOnlyList<(string Name, string? Value)> environment) =>
        LambdaUnderTest.StartAsync(
            backend ?? new(),
            options =>
            {
                _network = new(options.Environment[Endpoint]);
                return options with
                {
                    Freeze = FreezeMode.None,
                    InitializationType = type,
                    Environment = new Dictionary<string, string>(options.Environment) { [Endpoint] = _network.Url },
                };
            },
            [("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"), .. environment]);
}
