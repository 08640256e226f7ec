using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Resources;

/// <summary>
/// The resource of everything that the extension sends: semantic conventions 1.44.0 for cloud, faas, aws.log and service. Deterministic.
/// OTEL_RESOURCE_ATTRIBUTES overrides detected values, and OTEL_SERVICE_NAME overrides its service.name (OpenTelemetry specification, resource SDK).
/// </summary>
internal static class LambdaResource
{
    /// <param name="serviceInstanceId">
    /// Random for each environment, and renewed after a SnapStart restore. Otherwise copies would look like one instance.
    /// </param>
    /// <returns>Ordered, each key once. Values are string, long or string[], as the OpenTelemetry SDK's ResourceBuilder takes them.</returns>
    public static IReadOnlyList<KeyValuePair<string, object>> Create(
        ResourceOptions options, LambdaFacts facts, string serviceInstanceId, SettingProblems problems)
    {
        var list = new List<KeyValuePair<string, object>>();
        var name = options.FunctionName ?? Text(facts.FunctionName);
        var version = options.FunctionVersion ?? Text(facts.FunctionVersion);
        var region = options.Region;
        var instance = Text(facts.InstanceId);
        Set(list, Conventions.ServiceName, name ?? "unknown_service:telemetry-extension");
        Set(list, Conventions.ServiceInstanceId, serviceInstanceId);
        Set(list, Conventions.CloudProvider, "aws");
        Set(list, Conventions.CloudPlatform, "aws_lambda");
        var invoked = LambdaArn.TryParse(facts.InvokedFunctionArn);
        var account = Text(facts.AccountId) ?? invoked?.AccountId;
        Set(list, Conventions.CloudRegion, region ?? invoked?.Region);
        Set(list, Conventions.CloudAccountId, account);
        Set(list, Conventions.CloudResourceId, ResourceId(invoked, region, account, name, version));
        Set(list, Conventions.FaasName, name);
        Set(list, Conventions.FaasVersion, version);
        Set(list, Conventions.FaasInstance, instance);
        Set(list, Conventions.FaasMaxMemory, facts.MaxMemory ?? options.MemorySizeMb * 1024L * 1024);
        Set(list, Conventions.CloudAvailabilityZone, Text(facts.AvailabilityZone));
        // The name of a log stream contains the function's version in brackets. Documentation also shows instance ids that are UUIDs.
        var stream = instance is not null && instance.Contains('[') ? instance : null;
        var groupArn = options.LogGroupName is null ? null : LogGroupArn(invoked, region, account, options.LogGroupName);
        Set(list, Conventions.AwsLogGroupNames, One(options.LogGroupName));
        Set(list, Conventions.AwsLogGroupArns, One(groupArn is null ? null : groupArn + ":*"));
        Set(list, Conventions.AwsLogStreamNames, One(stream));
        Set(list, Conventions.AwsLogStreamArns, One(groupArn is null || stream is null ? null : $"{groupArn}:log-stream:{stream}"));
        Set(list, Conventions.RuntimeVersion, Text(facts.RuntimeVersion));
        Set(list, Conventions.RuntimeVersionArn, Text(facts.RuntimeVersionArn));
        // Not "opentelemetry": only spans pass through its SDK, and our own code makes the three signals.
        Set(list, Conventions.TelemetrySdkName, Conventions.ScopeName);
        Set(list, Conventions.TelemetrySdkLanguage, "dotnet");
        Set(list, Conventions.TelemetrySdkVersion, Conventions.Version);
        Set(list, Conventions.TelemetryDistroName, Conventions.ScopeName);
        Set(list, Conventions.TelemetryDistroVersion, Conventions.Version);
        foreach (var (key, value) in ResourceAttributesText.Read(options, problems))
            Set(list, key, value);
        Set(list, Conventions.ServiceName, options.ServiceName);
        return list;
    }

    /// <summary>A serialized Resource message.</summary>
    public static byte[] Encode(IEnumerable<KeyValuePair<string, object>> attributes)
    {
        using var writer = new OtlpWriter(1024);
        foreach (var (key, value) in attributes)
            writer.Attribute(OtlpFields.Resource.Attributes, key, value);
        return writer.ToArray();
    }

    private static void Set(List<KeyValuePair<string, object>> list, string key, object? value)
    {
        if (value is null)
            return;
        var at = list.FindIndex(pair => pair.Key == key);
        if (at < 0)
            list.Add(new(key, value));
        else
            list[at] = new(key, value);
    }

    private static string[]? One(string? value) => value is null ? null : [value];

    /// <summary>Null while partition, region or account are unknown.</summary>
    private static string? LogGroupArn(LambdaArn? invoked, string? region, string? account, string name)
    {
        region ??= invoked?.Region;
        return region is null || account is null ? null : $"arn:{invoked?.Partition ?? AwsPartition.OfRegion(region).Id}:logs:{region}:{account}:log-group:{name}";
    }

    private static string? Text(string? fact) => string.IsNullOrWhiteSpace(fact) ? null : fact.Trim();

    /// <summary>
    /// The function's own ARN with the resolved version. Partition, region and account come from the invoked ARN once there is one, because no other
    /// source is certain.
    /// </summary>
    private static string? ResourceId(LambdaArn? invoked, string? region, string? account, string? name, string? version) =>
        (invoked ?? (region is null || account is null || name is null ? null : new(AwsPartition.OfRegion(region).Id, region, account, name, null)))?.WithVersion(version);
}
