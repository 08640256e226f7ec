using System.Collections.Concurrent;
using System.Globalization;
using Google.Protobuf;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Common.V1;

namespace EndToEnd.Tests.Otlp;

/// <summary>200 MB as fast as loopback takes them, into a budget of 16 MiB. One record a request, so that every answer is one record.</summary>
public sealed class FloodTests
{
    private const int Requests = 2000;
    private const int RequestBytes = 100_000;
    private const int Senders = 16;
    private const int BudgetMiB = 16;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Flood_is_answered_and_counted_within_the_memory_budget(bool backendHangs)
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromMinutes(1) },
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port),
            ("TELEMETRY_EXTENSION_BUFFER_BYTES", (BudgetMiB << 20).ToString(CultureInfo.InvariantCulture)));
        if (backendHangs)
            lambda.Backend.Respond = Faults.Always(Fault.HangBeforeHeaders);
        using var client = new ReceiverClient(port);
        var answers = new ConcurrentDictionary<int, int>();
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions { WhileRunning = _ => FloodAsync(client, answers) });
        var peakKb = PeakResidentKb(lambda.Sandbox.Extensions.Single().Pid!.Value);
        lambda.Backend.Respond = null;
        await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var outcome = await lambda.EndAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"peak {peakKb / 1024} MiB; {string.Join(", ", answers)}; {outcome.Ledger.Logs}");
        Assert.Equal(Requests, answers.Values.Sum());
        Assert.Empty(answers.Keys.Except([200, 429]));
        var logs = outcome.Ledger.Logs;
        Assert.Equal(answers.GetValueOrDefault(429), logs.DroppedFor("buffer_bytes") + logs.DroppedFor("buffer_items"));
        Assert.True(logs.Received >= Requests);
        Assert.InRange(peakKb, 1, (BudgetMiB + 24) * 1024);
    }

    private static async Task FloodAsync(ReceiverClient client, ConcurrentDictionary<int, int> answers)
    {
        // Nothing in it compresses.
        var random = new byte[RequestBytes];
        new Random(1).NextBytes(random);
        var body = Payloads.Log(new AnyValue { BytesValue = ByteString.CopyFrom(random) });
        var left = Requests;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
                answers.AddOrUpdate(await client.PostAsync("/v1/logs", body), 1, (_, count) => count + 1);
        })));
    }

    private static long PeakResidentKb(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").Single(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
