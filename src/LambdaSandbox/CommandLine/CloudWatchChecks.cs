namespace LambdaSandbox.CommandLine;

/// <summary>The checks of the demo with CloudWatch Logs.</summary>
internal static class CloudWatchChecks
{
    public static IReadOnlyList<DemoCheck> Make(
        IReadOnlyList<InvocationResult> results, ShutdownResult end, IReadOnlyList<LedgerLine> ledger, IReadOnlyList<CloudWatchEvent> events, string logStream)
    {
        var invocations = results.Select(result => CloudWatchEvent.Of(result, events).ToList()).ToList();
        var metrics = events.SelectMany(each => each.Metrics).Select(metric => metric.Name).ToHashSet();
        // Delivery is at least once: when the end of a flush cuts off an answer, a copy is stored.
        var records = events.Where(each => !each.IsMetric).Select(each => each.Body.ToJsonString()).Distinct().Count();
        return
        [
            new(DemoScenario.Steps.Zip(results).All(pair => pair.First.Status == pair.Second.Status), "the function answered every invocation as it should"),
            new(invocations.All(trace => trace.Exists(each => each.IsSpan)), "every invocation's spans are in the log group"),
            new(invocations.All(trace => trace.Count(each => !each.IsSpan) >= 2), "with its log lines, which carry its trace id"),
            new(metrics.Contains("faas.invoke_duration") && metrics.Contains("demo.orders"), $"and with metrics in Embedded Metric Format ({metrics.Count} names)"),
            new(events.Count > 0 && events.All(each => each.Stream == logStream), "in a log stream named as the function's own"),
            new(end is { Drained: true, KillNeeded: false }, "SHUTDOWN was drained in time, no SIGKILL"),
            new(
                ledger.Count > 0 && ledger.All(line => line is { IsBalanced: true, Dropped: 0, DeadLettered: 0, Spooled: 0, Buffered: 0 }),
                "the ledger is balanced, dropped 0"),
            new(ledger.Where(line => line.Account is "logs" or "traces").Sum(line => line.Exported) == records, "and the log group holds every record it counts"),
        ];
    }
}
