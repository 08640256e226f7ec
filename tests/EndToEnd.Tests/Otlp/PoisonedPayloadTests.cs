using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Otlp;

public sealed class PoisonedPayloadTests
{
    private const string Poison = "poisoned payload";
    private static readonly OtlpSignal[] Signals = Enum.GetValues<OtlpSignal>();

    /// <summary>One flush merges all payloads of a signal into one request, and the backend refuses every request with the poisoned record.</summary>
    [Fact]
    public async Task Merged_request_is_refused_only_its_poisoned_payload_is_lost_and_counted()
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port), ("TELEMETRY_EXTENSION_FLUSH_STRATEGY", "end"));
        lambda.Backend.Respond = Faults.RefuseContaining(Poison);
        using var client = new ReceiverClient(port);
        string[] names = [.. Enumerable.Range(0, 40).Select(number => number == 17 ? Poison : $"payload {number}")];
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions
        {
            WhileRunning = async _ =>
            {
                foreach (var signal in Signals)
                    foreach (var name in names)
                        Assert.Equal(200, await client.PostAsync(ReceiverClient.Path(signal), Payloads.Of(signal, name)));
            },
        });
        var outcome = await lambda.EndAsync();

        string[] good = [.. names.Where(name => name != Poison).Order(StringComparer.Ordinal)];
        Assert.Equal(good, Sent(outcome.Spans.Select(span => span.Name)));
        Assert.Equal(good, Sent(outcome.Metrics.Select(metric => metric.Name)));
        Assert.Equal(good, Sent(outcome.Logs.Select(log => log.Body?.StringValue ?? "")));
        foreach (var account in new[] { outcome.Ledger.Traces, outcome.Ledger.Metrics, outcome.Ledger.Logs })
            Assert.Equal((1, 1), (account.DroppedFor("refused"), account.Dropped));
        // Merging works: there are far fewer requests than payloads, including the search for the bad record.
        Assert.InRange(lambda.Backend.Requests.Count, 3 * 2, 3 * 20);
    }

    private static IEnumerable<string> Sent(IEnumerable<string> names) =>
        names.Where(name => name.StartsWith("payload ", StringComparison.Ordinal) || name == Poison).Order(StringComparer.Ordinal);
}
