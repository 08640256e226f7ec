namespace TelemetryExtension.Configuration;

/// <summary>The parts of a function's ARN: <c>arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]</c>.</summary>
internal sealed record LambdaArn(string Partition, string Region, string AccountId, string FunctionName, string? Qualifier)
{
    public static LambdaArn? TryParse(string? text) =>
        text?.Split(':') is ["arn", var partition, "lambda", var region, var account, "function", var name, .. var rest]
        && partition.Length > 0 && region.Length > 0 && account.Length > 0 && name.Length > 0 && rest.Length <= 1
            ? new(partition, region, account, name, rest is [{ Length: > 0 } qualifier] ? qualifier : null)
            : null;

    /// <summary>The function with a resolved version, never an alias. $LATEST gives the unqualified ARN.</summary>
    public string WithVersion(string? version) =>
        $"arn:{Partition}:lambda:{Region}:{AccountId}:function:{FunctionName}{(version is null or "" or "$LATEST" ? "" : ":" + version)}";
}
