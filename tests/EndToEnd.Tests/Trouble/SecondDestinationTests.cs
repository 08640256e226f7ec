using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

public sealed class SecondDestinationTests
{
    private const string First = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Second = "TELEMETRY_EXTENSION_OTLP_2_ENDPOINT";

    [Theory]
    [InlineData(First)]
    [InlineData(Second)]
    public async Task Of_two_destinations_one_hangs_and_the_other_receives_everything_in_time(string hanging)
    {
        await using var silent = new HangingEndpoint();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with
            {
                Environment = new Dictionary<string, string>(options.Environment)
                {
                    [First] = hanging == First ? silent.Url : options.Environment[First],
                    [Second] = hanging == Second ? silent.Url : options.Environment[First],
                },
            },
            (FaultRun.Strategy, "end"));
        var (results, late) = (new List<InvocationResult>(), 0);
        for (var number = 0; number < 12; number++)
        {
            results.AddRange(await lambda.OrdersAsync(1));
            late += lambda.Backend.LogRecords.Count(received => received.LogRecord.Text("faas.invocation_id") == results[^1].RequestId) < FaultRun.LinesPerOrder ? 1 : 0;
        }

        results = [.. await lambda.OrdersUntilArrivedAsync(results)];
        var outcome = await lambda.EndAsync(mayRepeat: true, backendHasAll: false);

        Assert.True(silent.BytesReceived > 0, "nothing was ever sent, so nothing hung");
        // The lines arrive at the invocations' end, except for those without enough time on a busy machine.
        Assert.InRange(late, 0, 2);
        // A record counts once, with its worst outcome: all of them are kept for the destination that hangs, although the other has them.
        var accounts = outcome.Ledger.Accounts.Where(account => account.Name != "events").ToList();
        Assert.All(accounts, account => Assert.True(account.Account.Received > 0 && account.Account.Received == account.Account.DeadLettered, $"{account}"));
        Assert.Equal(accounts.Sum(account => account.Account.Received), DeadLetterReading.ReadAll(outcome.DeadLetters).Sum(letter => letter.Records));
        Assert.Equal(accounts.Sum(account => account.Account.Received), lambda.AcceptedOncePerBatch());
        Assert.All(results, result => Assert.InRange(outcome.LogsOf(result.RequestId).Count, FaultRun.LinesPerOrder, int.MaxValue));
    }
}
