using TelemetryExtension.Otlp;

namespace TelemetryExtension.Configuration;

/// <summary>Decides whether an endpoint is a service of AWS, and whether its requests are signed. By default both follow from the host.</summary>
internal sealed class AwsServiceReader(Variables variables)
{
    private readonly HashSet<string> _reported = [];

    /// <param name="setting"><c>auto</c>, <c>off</c>, <c>on</c>, or the service to sign for.</param>
    public AwsService? Read(string setting, Signal signal, Uri url, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        var known = AwsService.OfHost(url.Host);
        var text = variables.Text(setting)?.ToLowerInvariant();
        var hasKey = headers.Any(static header => header.Key == "authorization");
        if (text is null or "auto" or "off")
            return known is null ? null : known with { Signs = text != "off" && !hasKey };
        if (text != "on" && !text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-'))
            return Unusable(text, "is not one of auto, off, on, or the name of a service", "auto", known is null ? null : known with { Signs = !hasKey });
        if (hasKey)
            return Unusable(text, "is set beside an authorization header", "the header", known is null ? null : known with { Signs = false });
        if ((known?.Region ?? variables.Text("AWS_REGION") ?? variables.Text("AWS_DEFAULT_REGION")) is not { } region)
            return Unusable(text, "needs AWS_REGION", "no signature", null);
        return new(text == "on" ? known?.Name ?? ServiceOf(signal) : text, region);

        AwsService? Unusable(string value, string what, string usedInstead, AwsService? service)
        {
            if (_reported.Add(setting))
                variables.Problems.Add(setting, value, what, usedInstead);
            return service;
        }
    }

    private static string ServiceOf(Signal signal) => signal switch
    {
        Signal.Traces => AwsService.XRay,
        Signal.Metrics => AwsService.Monitoring,
        _ => AwsService.Logs,
    };
}
