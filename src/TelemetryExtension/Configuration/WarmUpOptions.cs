namespace TelemetryExtension.Configuration;

/// <summary>What the init phase does for the first invocation.</summary>
/// <param name="Rehearses">Runs the code of a flush once on made-up data.</param>
/// <param name="Connects">Opens connections to the destinations.</param>
internal sealed record WarmUpOptions(bool Rehearses, bool Connects)
{
    /// <summary>
    /// Copies of a snapshot must not share a connection or random state. With provisioned concurrency the first invocation is hours away, for
    /// connections too late. On Managed Instances no invocation waits for a flush.
    /// </summary>
    public static WarmUpOptions From(Variables variables)
    {
        var isOn = variables.Bool("TELEMETRY_EXTENSION_WARM_UP", true);
        return variables.Text("AWS_LAMBDA_INITIALIZATION_TYPE") switch
        {
            "snap-start" or "lambda-managed-instances" => new(false, false),
            "provisioned-concurrency" => new(isOn, false),
            _ => new(isOn, isOn),
        };
    }
}
