namespace TelemetryExtension.Preflight;

/// <summary>All that the command found out. It contains no secrets.</summary>
internal sealed record CheckReport(
    IReadOnlyList<CheckedSetting> Settings, IReadOnlyList<string> Problems, IReadOnlyList<CheckedDestination> Destinations, IReadOnlyList<CheckedConnection> Connections)
{
    public int ExitCode => Connections.Any(static connection => !connection.Works) ? CheckExit.NoConnection : Problems.Count > 0 ? CheckExit.Problems : CheckExit.Ok;
}

/// <param name="Value">What counts, for people.</param>
/// <param name="Source">The environment, or the default.</param>
internal sealed record CheckedSetting(string Name, string Value, SettingSource Source);

internal enum SettingSource : byte
{
    Default,
    Environment,

    /// <summary>What is set cannot be used.</summary>
    DefaultInstead,
}

/// <param name="Details">Where each signal goes, and how.</param>
internal sealed record CheckedDestination(string Name, IReadOnlyList<string> Details);

/// <summary>One attempt to reach an endpoint, step by step.</summary>
internal sealed record CheckedConnection(string Endpoint, IReadOnlyList<CheckStep> Steps)
{
    public bool Works => Steps.All(static step => step.Works);
}

/// <param name="Name">dns, proxy, tcp, tls, secrets, or a signal.</param>
internal sealed record CheckStep(string Name, bool Works, string Detail, TimeSpan Took);

internal static class CheckExit
{
    public const int Ok = 0;
    public const int Problems = 1;
    public const int Usage = 2;
    public const int NoConnection = 3;
}
