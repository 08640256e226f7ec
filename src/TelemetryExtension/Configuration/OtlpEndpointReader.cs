using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Reads the endpoint of one signal by the rules of the OpenTelemetry specification (OTLP exporter). An invalid value is reported once, although
/// three signals read it.
/// </summary>
/// <param name="hides">Whether the value of a setting must not be printed, because a secret is in it.</param>
internal sealed class OtlpEndpointReader(Variables variables, int[] ownPorts, HashSet<string>? reported = null, Func<string, bool>? hides = null)
{
    private const string Endpoint = "ENDPOINT";
    private const int DefaultTimeoutMs = 10_000;

    /// <summary>What a timer can count.</summary>
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>The maximum number of headers in one message.</summary>
    private const int MaxNamed = 10;
    private static readonly string[] MayHaveSecrets = [Endpoint, "HEADERS", "CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"];
    private readonly HashSet<string> _reported = reported ?? [];
    private readonly AwsServiceReader _aws = new(variables);

    /// <summary>Null when no usable endpoint is set for the signal. An unusable endpoint counts as unset.</summary>
    public OtlpEndpoint? Read(Signal signal, OtlpLevel[] levels) =>
        levels is [{ StandsAlone: true } own, .. var others] && variables.Text(own.Prefix + Endpoint) is not null
            ? ReadOne(signal, [own], own.Prefix) ?? ReadOne(signal, others, own.Prefix)
            : ReadOne(signal, levels, levels is [var first, ..] ? first.Prefix : "");

    /// <summary>The settings that count for a signal and may have secrets in them, the endpoint first. None without an endpoint.</summary>
    public IReadOnlyList<(string Name, string Text)> SecretSettings(OtlpLevel[] levels)
    {
        if (levels is [{ StandsAlone: true } own, ..] && variables.Text(own.Prefix + Endpoint) is not null)
            levels = [own];
        return First(levels, Endpoint).Value is null
            ? []
            : [.. MayHaveSecrets.Select(option => First(levels, option)).Where(static found => found.Value is not null).Select(static found => (found.Name, found.Value!))];
    }

    /// <summary>
    /// The text of the endpoint when secrets are in the settings that count for a signal, otherwise null. Reports what is wrong with the other options, and
    /// references that name no secret.
    /// </summary>
    public string? DeferredEndpoint(OtlpLevel[] levels)
    {
        var settings = SecretSettings(levels);
        if (!settings.Any(static setting => SecretText.HasReference(setting.Text)))
            return null;
        var isDeferred = false;
        foreach (var (name, text) in settings)
        {
            var references = SecretText.Find(text);
            isDeferred |= references.Exists(static reference => reference is not null);
            if (references.Contains(null) && _reported.Add("reference " + name))
                variables.Problems.AddSecret(name, "has a ${arn:...} that names neither a secret of Secrets Manager nor a parameter of the Parameter Store", "nothing in its place");
        }

        if (!isDeferred)
            return null;
        // For what they report.
        Protocol(levels);
        Timeout(levels);
        Gzip(levels);
        return settings[0].Text;
    }

    /// <summary>Reads the same settings with the secrets in place. What this reader reported is not reported again.</summary>
    public OtlpEndpointReader WithSecrets(Func<SecretReference, string?> valueOf, SettingProblems problems)
    {
        return new(new Variables(Expanded, problems), ownPorts, _reported, name => SecretText.HasReference(variables.Text(name)));

        string? Expanded(string name) => variables.Text(name) is not { } text || !SecretText.HasReference(text) ? variables.Text(name)
            : name.EndsWith("HEADERS", StringComparison.Ordinal) ? SecretText.ExpandHeaders(text, valueOf)
            : SecretText.Expand(text, (reference, _) => valueOf(reference)?.Trim());
    }

    /// <summary>A comma-separated list of signals. Null when unset or invalid.</summary>
    public Signal[]? Signals(string name)
    {
        if (variables.Text(name) is not { } text)
            return null;
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var chosen = Enum.GetValues<Signal>().Where(signal => names.Contains(signal.ToString(), StringComparer.OrdinalIgnoreCase)).ToArray();
        if (chosen.Length > 0 && chosen.Length == names.Distinct(StringComparer.OrdinalIgnoreCase).Count())
            return chosen;
        variables.Problems.Add(name, text, "is not a list of traces, metrics, logs", "the default");
        return null;
    }

    /// <param name="ownPrefix">Of the settings that no standard has.</param>
    private OtlpEndpoint? ReadOne(Signal signal, OtlpLevel[] levels, string ownPrefix)
    {
        var protocol = Protocol(levels);
        foreach (var level in levels)
        {
            if (variables.Text(level.Prefix + Endpoint) is not { } text)
                continue;
            if (Url(level, text, protocol, levels) is not { } url)
                continue;
            var headers = Headers(levels, url);
            url = new UriBuilder(url) { UserName = "", Password = "" }.Uri;
            var aws = _aws.Read(ownPrefix + "SIGV4", signal, url, headers);
            if (aws is not null && protocol == OtlpProtocol.Grpc)
            {
                if (_reported.Add("grpc to AWS"))
                    variables.Problems.Add(First(levels, "PROTOCOL").Name, "grpc", "is not a protocol of AWS's OTLP endpoints", "http/protobuf");
                protocol = OtlpProtocol.HttpProtobuf;
            }

            if (protocol == OtlpProtocol.HttpProtobuf)
                url = level.EndpointIsExact ? Exact(level, url, signal) : Append(Base(level, url), signal);
            return new(url, protocol, headers, Timeout(levels), Gzip(levels), Tls(levels), aws);
        }

        return null;
    }

    private Uri? Url(OtlpLevel level, string text, OtlpProtocol protocol, OtlpLevel[] levels)
    {
        var name = level.Prefix + Endpoint;
        var full = text;
        if (!text.Contains("://", StringComparison.Ordinal) && protocol == OtlpProtocol.Grpc)
        {
            // Only gRPC endpoints may omit the scheme. INSECURE then decides, and the default is secure.
            var insecure = First(levels, "INSECURE");
            if (insecure.Value is { } value && !bool.TryParse(value, out _) && _reported.Add(insecure.Name))
                variables.Problems.Add(insecure.Name, value, "is neither true nor false", "false");
            full = (string.Equals(insecure.Value, "true", StringComparison.OrdinalIgnoreCase) ? "http://" : "https://") + text;
        }

        if (!Uri.TryCreate(full, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            return Unusable(name, "is not an http:// or https:// URL");
        if (ownPorts.Contains(url.Port) && OwnHost.Is(url))
            return Unusable(name, $"points at this extension itself (port {url.Port}): telemetry would go in circles");
        return url;
    }

    /// <summary>The message omits the value, because user info and query of a URL can be credentials.</summary>
    private Uri? Unusable(string name, string what)
    {
        if (_reported.Add(name))
            variables.Problems.AddSecret(name, what, "no endpoint from this setting");
        return null;
    }

    /// <summary>Removes the path of one signal from a base URL, the most common mistake. No backend expects /v1/traces/v1/logs.</summary>
    private Uri Base(OtlpLevel level, Uri url)
    {
        var path = url.AbsolutePath.TrimEnd('/');
        if (Array.Find(OtlpPaths.AllHttp, each => path.EndsWith("/" + each, StringComparison.OrdinalIgnoreCase)) is not { } signalPath)
            return url;
        url = new UriBuilder(url) { Path = path[..^signalPath.Length] }.Uri;
        if (_reported.Add(level.Prefix + Endpoint))
            variables.Problems.AddSecret(level.Prefix + Endpoint, $"ends in /{signalPath}, but the extension appends the path of each signal to it", Shown(level, url));
        return url;
    }

    /// <summary>As the specification requires, the endpoint of one signal stays unchanged, even where it is probably wrong.</summary>
    private Uri Exact(OtlpLevel level, Uri url, Signal signal)
    {
        var (path, expected) = (url.AbsolutePath.TrimEnd('/'), OtlpPaths.Http(signal));
        var isOther = Array.Exists(OtlpPaths.AllHttp, each => each != expected && path.EndsWith("/" + each, StringComparison.OrdinalIgnoreCase));
        if ((path.Length == 0 || isOther) && _reported.Add(level.Prefix + Endpoint))
            variables.Problems.AddSecret(level.Prefix + Endpoint, $"is the whole URL of one signal and should probably end in /{expected}", Shown(level, url));
        return url;
    }

    /// <summary>Without the query, because some vendors put keys there.</summary>
    private string Shown(OtlpLevel level, Uri url) => hides?.Invoke(level.Prefix + Endpoint) == true ? "the secret's value" : url.GetLeftPart(UriPartial.Path);

    private TlsFiles Tls(OtlpLevel[] levels)
    {
        var (key, certificate) = (Pem("CLIENT_KEY"), Pem("CLIENT_CERTIFICATE"));
        if (key is not null && certificate is null && _reported.Add(key.Setting))
            variables.Problems.AddSecret(key.Setting, "is set without a client certificate", "no client certificate");
        return new(Pem("CERTIFICATE"), key, certificate);

        PemSource? Pem(string option) => First(levels, option) is (var name, { } value) ? new(value, name) : null;
    }

    /// <summary>The general endpoint is a base. v1/{signal} is appended to it, with or without a slash at its end.</summary>
    private static Uri Append(Uri url, Signal signal)
    {
        var path = url.AbsolutePath.EndsWith('/') ? url.AbsolutePath : url.AbsolutePath + "/";
        return new UriBuilder(url) { Path = path + OtlpPaths.Http(signal) }.Uri;
    }

    private OtlpProtocol Protocol(OtlpLevel[] levels)
    {
        var (name, value) = First(levels, "PROTOCOL");
        switch (value?.ToLowerInvariant())
        {
            case null or "http/protobuf":
                return OtlpProtocol.HttpProtobuf;
            case "grpc":
                return OtlpProtocol.Grpc;
            default:
                if (_reported.Add(name))
                    variables.Problems.Add(name, value, "is not one of http/protobuf, grpc", "http/protobuf");
                return OtlpProtocol.HttpProtobuf;
        }
    }

    private TimeSpan Timeout(OtlpLevel[] levels)
    {
        var (name, value) = First(levels, "TIMEOUT");
        if (value is null)
            return TimeSpan.FromMilliseconds(DefaultTimeoutMs);
        if (Quantity.Duration(value, TimeSpan.FromMilliseconds(1)) is { } timeout && timeout <= LongestTimeout)
            return timeout == TimeSpan.Zero ? System.Threading.Timeout.InfiniteTimeSpan : timeout;
        if (_reported.Add(name))
            variables.Problems.Add(name, value, "is not a duration, in milliseconds or with a unit such as 10s", Quantity.Text(TimeSpan.FromMilliseconds(DefaultTimeoutMs)));
        return TimeSpan.FromMilliseconds(DefaultTimeoutMs);
    }

    private bool Gzip(OtlpLevel[] levels)
    {
        var (name, value) = First(levels, "COMPRESSION");
        if (value is not null && !value.Equals("none", StringComparison.OrdinalIgnoreCase) && !value.Equals("gzip", StringComparison.OrdinalIgnoreCase)
            && _reported.Add(name))
            variables.Problems.Add(name, value, "is not one of none, gzip", "none");
        return string.Equals(value, "gzip", StringComparison.OrdinalIgnoreCase);
    }

    private List<KeyValuePair<string, string>> Headers(OtlpLevel[] levels, Uri url)
    {
        var (name, value) = First(levels, "HEADERS");
        var headers = OtlpHeaders.Parse(value, out var leftOut);
        if (leftOut.Count > 0 && _reported.Add(name))
            variables.Problems.AddSecret(
                name,
                $"has headers that cannot be sent: {string.Join("; ", leftOut.Take(MaxNamed))}{(leftOut.Count > MaxNamed ? $"; and {leftOut.Count - MaxNamed} more" : "")}",
                "the others");
        if (url.UserInfo.Length > 0 && !headers.Exists(static header => header.Key == "authorization"))
            headers.Add(new("authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo)))));
        return headers;
    }

    /// <summary>The variable with the highest precedence that is set.</summary>
    private (string Name, string? Value) First(OtlpLevel[] levels, string option)
    {
        foreach (var level in levels)
            if (variables.Text(level.Prefix + option) is { } value)
                return (level.Prefix + option, value);
        return ("", null);
    }
}

/// <summary>
/// The variables of one prefix. Precedence applies to each option separately: a signal's headers replace the general ones and are not merged.
/// </summary>
/// <param name="EndpointIsExact">The endpoint of a signal is the whole URL. No v1/... is appended.</param>
/// <param name="StandsAlone">An endpoint at this level takes no option from other levels, and they take none from it.</param>
internal readonly record struct OtlpLevel(string Prefix, bool EndpointIsExact = false, bool StandsAlone = false);
