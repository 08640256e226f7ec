namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>Where replayed payloads go.</summary>
/// <param name="Protocol">As in OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf or grpc.</param>
internal sealed record ReplayTarget(Uri Endpoint, IReadOnlyList<KeyValuePair<string, string>> Headers, string Protocol);

/// <param name="File">A path, or <c>-</c> for standard input; not used with a log group.</param>
/// <param name="Target">Null when nothing is to be sent.</param>
/// <param name="StateFile">Ids that were sent; null: nothing is remembered.</param>
internal sealed record ReplayOptions(
    string File,
    string? LogGroup,
    string? StreamPrefix,
    DateTimeOffset? Since,
    DateTimeOffset? Until,
    ReplayTarget? Target,
    bool DryRun,
    string? StateFile);
