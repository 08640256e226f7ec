namespace LambdaSandbox.Conformance;

/// <summary>All checks, in the order of execution.</summary>
internal static class Checks
{
    /// <summary>Longer than a temporary fault of the backend.</summary>
    private static readonly IReadOnlyList<Played> Five = [.. Enumerable.Repeat(Played.Answers, 5)];

    public static IReadOnlyList<Check> All { get; } = [.. Life(), .. Resets(), .. Telemetry(), .. Api(), .. Backend(), .. Variants()];

    private static IEnumerable<Check> Life() =>
    [
        new("registers", "registers under the name of its file, and is ready within the 10 s of an init", new Scenario { Invocations = [Played.Answers] }, Rules.Registers),
        new("next-after-invocation", "calls Next after each invocation", new Scenario { Invocations = [.. Enumerable.Repeat(Played.Answers, 10)] }),
        new("next-after-error", "calls Next after an invocation that the function fails", new Scenario { Invocations = [Played.Fails, Played.Answers, Played.Fails] }),
        new("frozen", "goes on after freezes", new Scenario("freeze=1500ms", "freeze-within=300ms")),
        new("clock-jump", "goes on when the clock has jumped while frozen", new Scenario("clock-jump=3h@1", "clock-jump=-5h@2")),
        new("quiet", "does not read what it prints, and print again", new Scenario { Pause = TimeSpan.FromMilliseconds(300) }, Rules.IsQuiet),
        new("exits-spindown", "exits with 0 before the deadline of SHUTDOWN", new Scenario(), Rules.Ends),
        new("exits-failure", "the same when the reason is failure", new Scenario { ShutdownReason = "failure" }, Rules.Ends),
        new("exits-unused", "the same when there was no invocation", new Scenario { Invocations = [] }, Rules.Ends),
    ];

    private static IEnumerable<Check> Resets() =>
    [
        new("reset-timeout", "starts again after a function timeout", new Scenario { Invocations = [Played.Answers, Played.Hangs, Played.Answers] }),
        new("reset-crash", "starts again after the function crashed", new Scenario { Invocations = [Played.Exits, Played.Answers] }),
        new("reset-killed", "starts again after it was killed in an invocation", new Scenario("kill=extension:invoke@2"), Rules.WorksAgainAfter(2)),
        new("reset-killed-late", "starts again after it was killed when the function was done", new Scenario("kill=extension:post-runtime@2"), Rules.WorksAgainAfter(2)),
        new("reset-killed-frozen", "starts again after it was killed while frozen", new Scenario("kill=extension:frozen@1"), Rules.WorksAgainAfter(2)),
    ];

    private static IEnumerable<Check> Telemetry() =>
    [
        new("unknown", "ignores unknown event types and fields", new Scenario("unknown")),
        new("unknown-next", "calls Next again after an event of an unknown type", new Scenario("unknown-next")),
        new("telemetry-delayed", "events come up to 300 ms late", new Scenario("telemetry-delay=300ms")),
        new("telemetry-duplicated", "events come twice", new Scenario("telemetry-duplicate")),
        new("telemetry-reordered", "events come out of order", new Scenario("telemetry-reorder@40%")),
        new("telemetry-corrupted", "a third of the events come in bodies that are cut off", new Scenario("telemetry-corrupt@33%")),
        new("telemetry-dropped", "log lines are lost, with platform.logsDropped", new Scenario("telemetry-drop@50%")),
        new("telemetry-split", "a record comes in two bodies", new Scenario("telemetry-split") { LineLength = 300_000, Invocations = [Played.Answers, Played.Answers] }),
        new("report-late", "platform.report comes late", new Scenario("report-late=400ms")),
        new("report-missing", "platform.report does not come", new Scenario("report-missing")),
        new("runtime-done-late", "platform.runtimeDone comes late", new Scenario("runtime-done-late=400ms")),
        new("runtime-done-missing", "platform.runtimeDone does not come", new Scenario("runtime-done-missing@2")),
    ];

    private static IEnumerable<Check> Api() =>
    [
        new("telemetry-unsupported", "the Telemetry API answers 202, as in AWS's emulator", new Scenario("telemetry-refuse")),
        new("telemetry-refused", "the subscription is refused with 400", new Scenario("telemetry-refuse=400")),
        new("telemetry-500", "the Telemetry API answers 500", new Scenario("telemetry-refuse=500")),
        new("next-500", "Next answers 500: it exits, and starts again", new Scenario("api=next:500@1"), Rules.GivesUp),
    ];

    private static IEnumerable<Check> Backend() =>
    [
        new("backend-slow", "the backend needs 800 ms for an answer", new Scenario("backend=slow:800ms")),
        new("backend-hangs", "the backend does not answer", new Scenario("backend=hang@0-2") { Invocations = Five }),
        new("backend-resets", "the backend ends connections", new Scenario("backend=reset@0-2") { Invocations = Five }),
        new("backend-503", "the backend answers 503 for a while", new Scenario("backend=503@0-2") { Invocations = Five }),
        new("backend-429", "the backend answers 429 with Retry-After", new Scenario("backend=429:1s@0-2") { Invocations = Five, Pause = TimeSpan.FromMilliseconds(400) }),
        new("backend-500", "the backend answers 500 for ever", new Scenario("backend=500")),
        new("backend-401", "the backend refuses the key", new Scenario("backend=401")),
        new("backend-partial", "the backend takes all but one record", new Scenario("backend=partial")),
    ];

    private static IEnumerable<Check> Variants() =>
    [
        new("provisioned-concurrency", "an environment that is initialised ahead of time", Type(InitializationType.ProvisionedConcurrency)) { IsOptional = true },
        new("snap-start", "an environment that is restored from a snapshot", Type(InitializationType.SnapStart)) { IsOptional = true },
        new("managed-instances", "Lambda Managed Instances: SHUTDOWN only", Type(InitializationType.ManagedInstances)) { IsOptional = true },
    ];

    /// <remarks>On Lambda an init ahead of time may take minutes. The kit does not wait that long for one that never ends.</remarks>
    private static Scenario Type(InitializationType type) =>
        new() { Change = options => options with { InitializationType = type, InitTimeout = TimeSpan.FromSeconds(9) } };
}
