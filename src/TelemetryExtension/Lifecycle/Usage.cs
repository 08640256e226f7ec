using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Lifecycle;

/// <summary>The texts of --version and --help.</summary>
internal static class Usage
{
    public static string Version => $"telemetry-extension {Conventions.Version}";

    public const string Text =
        """
        An AWS Lambda extension that sends the telemetry of a function to OpenTelemetry backends and to CloudWatch.

        Usage:
          telemetry-extension               run as an extension: Lambda starts it from /opt/extensions, with AWS_LAMBDA_RUNTIME_API set
          telemetry-extension check ...     say what the settings mean, and try the endpoints; see telemetry-extension check --help
          telemetry-extension replay ...    send dead letters again; see telemetry-extension replay --help
          telemetry-extension --version     print the version
          telemetry-extension --help        print this text

        Settings are environment variables of the function: OTEL_EXPORTER_OTLP_ENDPOINT and others of OpenTelemetry, and TELEMETRY_EXTENSION_...
        as listed in docs/settings.md.

        """;
}
