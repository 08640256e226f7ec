using System.Text;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Shaping;

/// <summary>Secrets in what the function prints and in what its SDK records: none is in any byte that leaves the extension.</summary>
public sealed class RedactionTests
{
    private const string AwsKey = "AKIAIOSFODNN7EXAMPLE";
    private const string Card = "4111 1111 1111 1111";
    private const string Jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    private const string Customer = "cus_9f8e7d6c5b4a";
    private static readonly string[] Secrets = [AwsKey, Card, Jwt, Customer];

    [Fact]
    public async Task No_secret_leaves_in_logs_spans_or_dead_letters()
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => FunctionSdkTests.Redirected(options, port),
            ("TELEMETRY_EXTENSION_REDACT", "default"), ("TELEMETRY_EXTENSION_REDACT_PATTERNS", "cus_[0-9a-f]+"), ("TELEMETRY_EXTENSION_REDACT_KEYS", "order.*,*amount"),
            ("TELEMETRY_EXTENSION_ATTRIBUTES", "insert resource:team=pay%20roll"));
        var secrets = string.Join(" | ", Secrets);
        await lambda.InvokeAsync($"{{\"order\":{{\"id\":\"{secrets}\"}}}}");
        await lambda.InvokeToErrorAsync($"{{\"order\":{{\"id\":\"{secrets}\",\"fail\":true}}}}", "Function.PaymentDeclined");
        // What nobody takes goes to standard output.
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.Always(Fault.Http(401, "expired key")));
        await lambda.InvokeAsync($"{{\"order\":{{\"id\":\"{secrets}\"}}}}");
        var outcome = await lambda.EndAsync();

        var sent = lambda.Backend.Requests.Select(request => Encoding.UTF8.GetString(request.Body.Span)).ToList();
        Assert.All(Secrets, secret => Assert.DoesNotContain(sent, body => body.Contains(secret, StringComparison.Ordinal)));
        Assert.All(Secrets, secret => Assert.DoesNotContain(lambda.ExtensionLines, line => line.Contains(secret, StringComparison.Ordinal)));
        var letters = DeadLetterReading.ReadAll(outcome.DeadLetters).Select(letter => Encoding.UTF8.GetString(letter.Request)).ToList();
        Assert.NotEmpty(letters);
        Assert.All(Secrets, secret => Assert.DoesNotContain(letters, letter => letter.Contains(secret, StringComparison.Ordinal)));
        Assert.Contains(outcome.Logs, log => log.Body.StringValue == "received order [redacted:aws] | [redacted:card] | [redacted:jwt] | [redacted:pattern] with 1 items");
        Assert.Contains(outcome.Spans, span => span.Text("order.amount") == "[redacted:key]");
        Assert.Contains(outcome.Spans, span => span.Status?.Message.Contains("[redacted:aws]", StringComparison.Ordinal) is true);
        // Each secret in each text: of the logs at least three lines an invocation.
        Assert.True(outcome.Ledger.Logs.Redacted >= 3 * 2 * Secrets.Length, $"{outcome.Ledger.Logs}");
        Assert.True(outcome.Ledger.Traces.Redacted >= 2 * Secrets.Length, $"{outcome.Ledger.Traces}");
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
        Assert.All(outcome.Received.Select(span => span.Resource).Concat(outcome.ReceivedLogs.Select(log => log.Resource)), resource => Assert.Equal("pay roll", resource.Text("team")));
    }
}
