using System.Net;
using System.Net.Sockets;
using System.Text;
using LambdaSandbox;

namespace EndToEnd.Tests;

/// <summary>Any input from the Telemetry API, or none.</summary>
public sealed class TelemetryApiTests
{
    private const string Order = """{"order":{"id":"1"}}""";

    private static string Now => DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Unreadable bodies, and the number of records that each of them costs.</summary>
    public static TheoryData<string, int> Garbage => new()
    {
        { "", 1 },
        { "not json at all", 1 },
        { "\0\0\0\u0001", 1 },
        { "null", 1 },
        { "[]", 0 },
        { "{}", 1 },
        { "[{}]", 1 },
        { "[null,17,\"text\"]", 1 },
        { new string('[', 100_000), 1 },
        { """[{"time":"2025-08-11T12:00:00.123Z","type":"function"}]""", 1 },
        { """[{"time":"2025-08-11T12:00:00.123Z","type":17,"record":{}}]""", 1 },
        { """[{"time":"2025-08-11T12:00:00.123Z","record":"no type"}]""", 1 },
        { """[{"time":"2025-08-11T12:00:00.123Z","type":"platform.runtimeDone","record":{"requestId":42}}]""", 1 },
        { """[{"time":"2025-08-11T12:00:00.123Z","type":"platform.start","record":null}]""", 1 },
        { """[{"time":"2025-08-11T12:00:00.123Z","type":"platform.fromTheFuture","record":{"a":1}}]""", 1 },
        { """[{"time":"2025-08-11T12:00:00.123Z","type":"somethingElse","record":"a"}]""", 1 },
    };

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Garbage_is_accepted_counted_and_costs_nothing_else(string body, int records)
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        var disturbed = await lambda.InvokeAsync(Order, Sending(lambda, body));
        var after = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        Assert.Equal(0, lambda.Sandbox.TelemetryRequests.Refused);
        Assert.Equal(records, outcome.Ledger.Events.Dropped);
        Assert.Equal(records, outcome.Ledger.Events.DroppedFor("malformed") + outcome.Ledger.Events.DroppedFor("unknown_type"));
        foreach (var result in new[] { disturbed, after })
        {
            Assert.False(outcome.Invocation(result).IsError());
            Assert.Equal(3, outcome.LogsOf(result.RequestId).Count);
        }
    }

    [Fact]
    public async Task A_broken_record_costs_itself_and_not_its_neighbours()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        var body = $$$"""
            [{"time":"{{{Now}}}","type":"function","record":"before"},
             {"time":"{{{Now}}}","type":"function","record":{"unclosed":"value},
             {"time":"{{{Now}}}","type":"platform.unheardOf","record":{}},
             {"time":"half past nine","type":"function","record":"no time"},
             {"time":"{{{Now}}}","type":"function","record":"after","new":["key"]}]
            """;
        var result = await lambda.InvokeAsync(Order, Sending(lambda, body));
        var outcome = await lambda.EndAsync();

        foreach (var text in new[] { "before", "after", "no time" })
            Assert.Equal(outcome.Invocation(result).SpanId, outcome.Log(text).SpanId);
        // A record without a time gets the time of its arrival.
        Assert.InRange(Decoded.Time(outcome.Log("no time").TimeUnixNano), result.StartedAt, DateTimeOffset.UtcNow);
        Assert.Equal((1, 1), (outcome.Ledger.Events.DroppedFor("malformed"), outcome.Ledger.Events.DroppedFor("unknown_type")));
    }

    [Fact]
    public async Task A_record_that_was_cut_over_two_deliveries_is_put_together()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        var envelope = $$"""{"time":"{{Now}}","type":"function","record":""";
        // Lambda sends the two halves one after the other.
        var result = await lambda.InvokeAsync("""{"sleepMs":200}""", new InvokeOptions
        {
            WhileRunning = async _ =>
            {
                Send(lambda, $$"""[{"time":"{{Now}}","type":"function","record":"whole"},{{envelope}}"the first half, }]""");
                Send(lambda, $$"""[{{envelope}}and the second"},{"time":"{{Now}}","type":"function","record":"whole too"}]""");
                await TakenAsync(lambda);
            },
        });
        var outcome = await lambda.EndAsync();

        Assert.Equal(outcome.Invocation(result).SpanId, outcome.Log("the first half, and the second").SpanId);
        outcome.Log("whole");
        outcome.Log("whole too");
        Assert.Equal(0, outcome.Ledger.Events.Dropped);
    }

    [Fact]
    public async Task Where_the_Telemetry_API_is_not_supported_invocations_go_on_without()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { Faults = new SandboxFaults { RefuseTelemetry = true } });
        for (var number = 0; number < 5; number++)
            Assert.InRange((await lambda.InvokeAsync(Order)).ExtensionOverhead, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        var outcome = await lambda.EndAsync();

        Assert.Contains("not supported here", Assert.Single(outcome.Said), StringComparison.Ordinal);
        Assert.Equal(0, outcome.Ledger.Events.Received);
    }

    [Fact]
    public async Task A_schema_version_that_is_refused_gives_way_to_the_one_before()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with
        {
            Faults = new SandboxFaults { RefusedSchemaVersions = ["2025-01-29"] },
        });
        var result = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        Assert.Empty(outcome.Said);
        Assert.False(outcome.Invocation(result).IsError());
        Assert.Equal(3, outcome.LogsOf(result.RequestId).Count);
    }

    [Fact]
    public async Task A_refused_subscription_is_logged_and_invocations_continue()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with
        {
            Faults = new SandboxFaults { RefusedSchemaVersions = ["2025-01-29", "2022-12-13"] },
        });
        await lambda.InvokeAsync(Order);
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        Assert.Contains("refused the subscription", Assert.Single(outcome.Said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_is_replaced_by_another_one()
    {
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var port = $"{((IPEndPoint)taken.LocalEndpoint).Port}";
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("TELEMETRY_EXTENSION_TELEMETRY_PORT", port), ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port));
        var result = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        Assert.False(outcome.Invocation(result).IsError());
        Assert.Contains(port, outcome.Line("the Telemetry API"), StringComparison.Ordinal);
        Assert.Contains(port, outcome.Line("OTLP/HTTP"), StringComparison.Ordinal);
        Assert.Equal(2, outcome.Said.Count);
    }

    [Fact]
    public async Task A_missing_runtimeDone_costs_one_invocation_its_deadline_and_not_every_one()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with
        {
            Timeout = TimeSpan.FromSeconds(1.5),
            Faults = new SandboxFaults { Telemetry = item => item.Type == "platform.runtimeDone" ? [] : [item] },
        });
        var results = new List<InvocationResult>();
        for (var number = 0; number < 4; number++)
            results.Add(await lambda.InvokeAsync(Order));
        var outcome = await lambda.EndAsync();

        Assert.All(results, result => Assert.False(outcome.Invocation(result).IsError()));
        Assert.All(results.Skip(1), result => Assert.InRange(result.ExtensionOverhead, TimeSpan.Zero, TimeSpan.FromSeconds(0.8)));
    }

    private static InvokeOptions Sending(LambdaUnderTest lambda, string body) => new()
    {
        WhileRunning = _ =>
        {
            Send(lambda, body);
            return TakenAsync(lambda);
        },
    };

    private static void Send(LambdaUnderTest lambda, string body) => lambda.Sandbox.SendRawTelemetry(Encoding.UTF8.GetBytes(body));

    private static async Task TakenAsync(LambdaUnderTest lambda) =>
        Assert.True(await lambda.Sandbox.FlushTelemetryAsync(TimeSpan.FromSeconds(5)), "the extension did not take the body");
}
