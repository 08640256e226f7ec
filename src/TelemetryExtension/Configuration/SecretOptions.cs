using System.Globalization;

namespace TelemetryExtension.Configuration;

/// <param name="TimeToLive">After it a secret is read again, in the background.</param>
/// <param name="LocalPort">The port of AWS's Parameters and Secrets extension. Null when only its file shows whether it is there.</param>
internal sealed record SecretOptions(TimeSpan TimeToLive, int? LocalPort)
{
    public static SecretOptions From(Variables variables) => new(
        variables.Seconds("TELEMETRY_EXTENSION_SECRETS_TTL", 3600, 10, 7 * 86_400),
        Port(variables));

    private static int? Port(Variables variables)
    {
        const string Name = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT";
        if (variables.Text(Name) is not { } text)
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536)
            return port;
        variables.Problems.Add(Name, text, "is not a whole number from 1 to 65535", "its default port");
        return null;
    }
}
