using System.Globalization;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Processing.Resources;

/// <summary>The resource of this environment as far as it is known. It is rebuilt when more becomes known or a snapshot was restored.</summary>
/// <param name="enrich">Whether to complete the resources of other senders with the attributes that identify the function.</param>
internal sealed class EnvironmentResource(ResourceOptions options, LambdaFacts facts, bool enrich = false)
{
    private (string? InstanceId, long? MaxMemory) _instance;
    private (string? Version, string? Arn) _runtime;
    private string? _functionArn;
    private string? _zone;
    private string? _availabilityZone;
    private int _restores = -1;
    private string _serviceInstanceId = "";

    public int Version { get; private set; }

    /// <summary>Null until platform.initStart was read.</summary>
    public string? InstanceId => _instance.InstanceId;

    public IReadOnlyList<KeyValuePair<string, object>> Attributes { get; private set; } = [];

    /// <summary>Set when it becomes known, by any thread. Null until then.</summary>
    public string? AvailabilityZone
    {
        get => Volatile.Read(ref _availabilityZone);
        set => Volatile.Write(ref _availabilityZone, value);
    }

    /// <summary>A serialized Resource message.</summary>
    public byte[] Encoded { get; private set; } = [];

    /// <summary>Null unless enrichment is on. It contains only what identifies the function. The rest of a resource is up to its sender.</summary>
    public ResourceEnrichment? Enrichment { get; private set; }

    /// <summary>The text of an attribute that identifies the function. Null for attributes that are up to the sender.</summary>
    public string? OfFunction(string key)
    {
        foreach (var (name, value) in Attributes)
            if (name == key && IdentifiesFunction(name))
                return value as string ?? (value is long number ? number.ToString(CultureInfo.InvariantCulture) : null);
        return null;
    }

    public void Update(InvocationTracker tracker)
    {
        var zone = AvailabilityZone;
        if (_restores == tracker.Restores && _instance == tracker.Instance && _runtime == tracker.Runtime && _functionArn == tracker.FunctionArn && _zone == zone)
            return;
        // Copies of a snapshot must not share an identity.
        if (_restores != tracker.Restores)
            _serviceInstanceId = Guid.NewGuid().ToString();
        (_restores, _instance, _runtime, _functionArn, _zone) = (tracker.Restores, tracker.Instance, tracker.Runtime, tracker.FunctionArn, zone);
        var problems = new SettingProblems();
        Attributes = LambdaResource.Create(
            options,
            facts with
            {
                InstanceId = _instance.InstanceId,
                MaxMemory = _instance.MaxMemory,
                InvokedFunctionArn = _functionArn,
                RuntimeVersion = _runtime.Version,
                RuntimeVersionArn = _runtime.Arn,
                AvailabilityZone = zone,
            },
            _serviceInstanceId, problems);
        foreach (var problem in problems.Messages)
            Log.WarnOnce(problem, problem);
        Encoded = LambdaResource.Encode(Attributes);
        if (enrich)
            Enrichment = new(Attributes.Where(static pair => IdentifiesFunction(pair.Key)));
        Version++;
    }

    private static bool IdentifiesFunction(string key) =>
        key.StartsWith("faas.", StringComparison.Ordinal) || key.StartsWith("cloud.", StringComparison.Ordinal);
}
