using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Lifecycle;

/// <summary>The sockets we listen on; null where that was not possible or not wanted.</summary>
internal sealed record Sockets(ListeningSocket? Telemetry, ListeningSocket? OtlpHttp, ListeningSocket? OtlpGrpc);
