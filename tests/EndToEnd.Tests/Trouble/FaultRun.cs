using LambdaSandbox;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// The common steps and checks of all fault tests: invocations that must succeed, delayed no longer than the budget, and the destination of all records.
/// </summary>
internal static class FaultRun
{
    public const string Strategy = "TELEMETRY_EXTENSION_FLUSH_STRATEGY";
    public const string Budget = "TELEMETRY_EXTENSION_FLUSH_BUDGET_MS";

    public const string BatchId = "x-telemetry-extension-batch-id";

    /// <summary>The number of lines that the demo function writes for an order that is charged and stored.</summary>
    public const int LinesPerOrder = 3;

    public static string Order(string id, string more = "") => $"{{\"order\":{{\"id\":\"{id}\"}}{more}}}";

    /// <param name="heldAtMost">The limit after the handler. The default is the default budget with a margin for a busy machine.</param>
    public static async Task<IReadOnlyList<InvocationResult>> OrdersAsync(this LambdaUnderTest lambda, int count, string more = "", TimeSpan? heldAtMost = null)
    {
        var results = new List<InvocationResult>();
        for (var number = 0; number < count; number++)
        {
            results.Add(await lambda.InvokeAsync(Order($"{number}", more)));
            Assert.InRange(results[^1].ExtensionOverhead, TimeSpan.Zero, heldAtMost ?? TimeSpan.FromSeconds(1));
        }

        return results;
    }

    /// <summary>Waits until Lambda notices it. Otherwise the next invocation would pay for it.</summary>
    public static async Task AwaitEndOfExtensionAsync(this LambdaUnderTest lambda)
    {
        for (var left = 2000; lambda.Sandbox.Extensions.Any(extension => extension.ExitCode is null); left--)
        {
            Assert.True(left > 0, "the extension is still running");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Checks that every invocation's span and lines are at the backend, and that nothing was lost.</summary>
    public static void CheckAllArrived(this Outcome outcome, IReadOnlyList<InvocationResult> results, int linesPerInvocation = LinesPerOrder, bool mayRepeat = false)
    {
        outcome.CheckNothingLost();
        var spans = outcome.Spans.Select(span => span.Text("faas.invocation_id")).ToHashSet();
        var lines = outcome.Logs.GroupBy(log => log.Text("faas.invocation_id") ?? "").ToDictionary(group => group.Key, group => group.Count());
        foreach (var result in results)
        {
            Assert.True(spans.Contains(result.RequestId), $"no span of {result.RequestId}");
            Assert.InRange(lines.GetValueOrDefault(result.RequestId), linesPerInvocation, mayRepeat ? int.MaxValue : linesPerInvocation);
        }
    }

    /// <summary>Without repeated requests with the same batch id exactly the exported records remain.</summary>
    public static void CheckOncePerBatch(this LambdaUnderTest lambda, Outcome outcome)
    {
        var exported = outcome.Ledger.Accounts.Where(account => account.Name != "events").Sum(account => account.Account.Exported);
        Assert.Equal(exported, lambda.AcceptedOncePerBatch());
    }

    public static long AcceptedOncePerBatch(this LambdaUnderTest lambda) =>
        lambda.Backend.Requests.Where(request => request.AcceptedItems > 0).DistinctBy(request => request.Headers[BatchId]).Sum(batch => batch.AcceptedItems);

    public static void CheckNothingLost(this Outcome outcome) =>
        Assert.All(outcome.Ledger.Accounts, account => Assert.True(
            account.Account is { Dropped: 0, DeadLettered: 0, Rejected: 0 }, $"{account}\n{string.Join('\n', outcome.Said)}"));

    /// <summary>Checks that nothing arrived and that everything is kept as dead letters.</summary>
    public static void CheckNoneArrived(this Outcome outcome, int invocations)
    {
        Assert.Empty(outcome.Spans);
        Assert.Empty(outcome.Logs);
        foreach (var (name, account) in outcome.Ledger.Accounts.Where(account => account.Name is "traces" or "logs"))
            Assert.True(
                account is { Exported: 0, Rejected: 0, Dropped: 0 } && account.Received == account.DeadLettered
                && account.Received >= invocations * (name == "logs" ? LinesPerOrder : 1),
                $"{name}: {account}");
        Assert.NotEmpty(outcome.DeadLetters);
    }
}
