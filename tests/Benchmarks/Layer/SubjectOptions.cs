using System.Security.Cryptography.X509Certificates;

namespace Benchmarks;

/// <summary>What runs beside the demo function: an extension with its settings, and the backend that it sends to.</summary>
internal sealed record SubjectOptions(string Name)
{
    public static readonly SubjectOptions Floor = new("floor") { IsFloor = true };

    /// <summary>The floor extension instead of a layer.</summary>
    public bool IsFloor { get; private init; }

    /// <summary>A layer's zip. Null takes the one that was just built.</summary>
    public string? Layer { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The delay of the backend's answer.</summary>
    public TimeSpan BackendTakes { get; init; }

    /// <summary>When set, the backend uses TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>How long the runtime initialises before it starts the function. An extension may work meanwhile; afterwards the environment is frozen.</summary>
    public TimeSpan Init { get; init; }

    /// <summary>Gives all processes together 7 % of a CPU, as a function with 128 MB has. Needs root.</summary>
    public bool LimitCpu { get; init; }

    public static SubjectOptions WithStrategy(string strategy) => new(strategy) { Environment = new Dictionary<string, string> { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = strategy } };

    /// <summary>CloudWatch Logs is a destination too. Nothing of it may be created before its first use.</summary>
    public static SubjectOptions WithCloudWatch { get; } = new("with CloudWatch")
    {
        Environment = new Dictionary<string, string>
        {
            ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "/benchmark",
            ["TELEMETRY_EXTENSION_DEAD_LETTERS"] = "cloudwatch",
            ["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = "http://127.0.0.1:9",
        },
    };
}
