namespace LambdaSandbox.Trouble;

/// <param name="Value">The meaning of the value after "=". Null when none is allowed.</param>
/// <param name="Standard">The default value. Null when a value is required.</param>
internal sealed record FaultKind(string Name, string? Value, string? Standard, string Meaning)
{
    public override string ToString() => Value is null ? Name : Standard is null ? $"{Name}={Value}" : $"{Name}[={Value}]";
}

/// <summary>All kinds of faults.</summary>
internal static class FaultKinds
{
    public static IReadOnlyList<FaultKind> All { get; } =
    [
        new("telemetry-delay", "TIME", null, "an event of the Telemetry API comes later, by up to TIME; others overtake it"),
        new("telemetry-duplicate", null, null, "an event comes twice"),
        new("telemetry-reorder", null, null, "an event comes after the one that follows it"),
        new("telemetry-corrupt", null, null, "an event comes in a body that is cut off, and is no JSON"),
        new("telemetry-drop", null, null, "a log line is lost; platform.logsDropped says so"),
        new("telemetry-split", null, null, "a record larger than the subscription's maxBytes comes in two bodies"),
        new("telemetry-refuse", "STATUS", "202", "the subscription is answered with STATUS; 202 means that there is no telemetry, as in AWS's emulator"),
        new("report-late", "TIME", null, "platform.report comes TIME later"),
        new("report-missing", null, null, "platform.report does not come"),
        new("runtime-done-late", "TIME", null, "platform.runtimeDone comes TIME later"),
        new("runtime-done-missing", null, null, "platform.runtimeDone does not come"),
        new("unknown", null, null, "unknown event types, and unknown fields in events and in the answer of Next"),
        new("unknown-next", null, null, "Next returns an event of an unknown type before INVOKE"),
        new("freeze", "TIME", null, "everything stays frozen for up to TIME before an invocation"),
        new("freeze-within", "TIME", null, "everything is frozen for up to TIME while the function runs"),
        new("clock-jump", "TIME", null, "while frozen, the wall clock of all processes jumps by TIME, which may be negative (root, x86-64)"),
        new("kill", "PROCESS[:POINT]", null, "SIGKILL: PROCESS is function, extension or its name; POINT is start, registered, ready, invoke, response, post-runtime, frozen or shutdown"),
        new("api", "CALL[:STATUS]", null, "an API answers 500, or STATUS: CALL is register, subscribe, next, init-error, exit-error, runtime-next, response or error"),
        new("backend", "ANSWER[:TIME]", null, "the backend of --view answers with a status (500, 503, 429, with Retry-After TIME), slow:TIME, hang, reset, close or partial"),
    ];
}
