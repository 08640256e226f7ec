namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>The target of replayed payloads.</summary>
/// <param name="Protocol">As in OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf or grpc.</param>
internal sealed record ReplayTarget(Uri Endpoint, IReadOnlyList<KeyValuePair<string, string>> Headers, string Protocol);

/// <param name="File">A path, or <c>-</c> for standard input. Not used with a log group.</param>
/// <param name="Target">Null for a dry run.</param>
/// <param name="StateFile">The file with the ids that were sent. Null keeps no state.</param>
internal sealed record ReplayOptions(
    string File,
    string? LogGroup,
    string? StreamPrefix,
    DateTimeOffset? Since,
    DateTimeOffset? Until,
    ReplayTarget? Target,
    bool DryRun,
    string? StateFile);
