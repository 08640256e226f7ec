using System.Collections.Concurrent;
using System.Globalization;
using Google.Protobuf;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Common.V1;

namespace EndToEnd.Tests.Otlp;

/// <summary>200 MB at the speed of loopback into a budget of 16 MiB. One record per request, so that every answer stands for one record.</summary>
[Collection(nameof(Alone))]
public sealed class FloodTests
{
    private const int Requests = 2000;
    private const int RequestBytes = 100_000;
    private const int Senders = 16;
    private const int BudgetMiB = 16;

    /// <summary>
    /// Memory beside the budget: 12 MiB for the idle process, the rest for compressed copies that are being sent. The collector of .NET 10 keeps two
    /// regions of large objects, that of .NET 9 one: the total was 42 to 51 MiB, before 33 to 38.
    /// </summary>
    private const int OverheadMiB = 40;

    private enum Answer
    {
        Unknown,
        Taken,
        NoRoom,
    }

    [Theory]
    [InlineData("http", false)]
    [InlineData("http", true)]
    [InlineData("grpc", false)]
    public async Task Flood_is_answered_and_counted_and_stays_within_the_memory_budget(string protocol, bool backendHangs)
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromMinutes(1) },
            (protocol == "grpc" ? "TELEMETRY_EXTENSION_OTLP_GRPC_PORT" : "TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port),
            ("TELEMETRY_EXTENSION_BUFFER_BYTES", (BudgetMiB << 20).ToString(CultureInfo.InvariantCulture)));
        if (backendHangs)
            lambda.Backend.Respond = Faults.Always(Fault.HangBeforeHeaders);
        using var client = new ReceiverClient(port);
        var answers = new ConcurrentDictionary<Answer, int>();
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions { WhileRunning = _ => FloodAsync(client, protocol, answers) });
        await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var peakKb = PeakResidentKb(lambda.Sandbox.Extensions.Single().Pid!.Value);
        lambda.Backend.Respond = null;
        var outcome = await lambda.EndAsync();

        var summary = $"peak {peakKb / 1024} MiB; {string.Join(", ", answers)}; {outcome.Ledger.Logs}";
        TestContext.Current.TestOutputHelper?.WriteLine(summary);
        Assert.Equal(Requests, answers.Values.Sum());
        Assert.True(answers.GetValueOrDefault(Answer.Unknown) == 0 && answers.GetValueOrDefault(Answer.Taken) > 50, summary);
        var logs = outcome.Ledger.Logs;
        // Requests without room were refused. The others were accepted, and so were the function's own lines.
        Assert.Equal(0, logs.DroppedFor("buffer_bytes") + logs.DroppedFor("buffer_items"));
        Assert.True(logs.Received >= answers.GetValueOrDefault(Answer.Taken) && logs.Received < answers.GetValueOrDefault(Answer.Taken) + 100, summary);
        Assert.True(peakKb <= (BudgetMiB + OverheadMiB) * 1024, summary);
    }

    private static async Task FloodAsync(ReceiverClient client, string protocol, ConcurrentDictionary<Answer, int> answers)
    {
        // It does not compress.
        var random = new byte[RequestBytes];
        new Random(1).NextBytes(random);
        var body = Payloads.Log(new AnyValue { BytesValue = ByteString.CopyFrom(random) });
        var frame = ReceiverClient.Frame(body);
        var left = Requests;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var answer = protocol == "grpc" ? OfGrpc(await client.CallAsync(frame, service: ReceiverClient.LogsService)) : OfHttp(await client.PostAsync("/v1/logs", body));
                answers.AddOrUpdate(answer, 1, (_, count) => count + 1);
            }
        })));
    }

    private static Answer OfHttp(int status) => status switch { 200 => Answer.Taken, 429 => Answer.NoRoom, _ => Answer.Unknown };

    private static Answer OfGrpc(int? status) => status switch { 0 => Answer.Taken, 14 => Answer.NoRoom, _ => Answer.Unknown };

    /// <summary>VmHWM: the peak resident memory.</summary>
    private static long PeakResidentKb(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").Single(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
