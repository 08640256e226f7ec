using System.Text.Json;
using EndToEnd.Tests.CloudWatch;
using EndToEnd.Tests.Tools;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;

namespace EndToEnd.Tests.Aws;

/// <summary>
/// A role in moto's IAM, used as Lambda uses one: temporary credentials of it come from moto's STS by AWS's SDK for Python. While it is on guard, moto signs
/// each request again with botocore, and asks the policies of the role.
/// </summary>
internal sealed record AwsRole(string AccessKeyId, string SecretAccessKey, string SessionToken)
{
    private const string Program =
        """
        import boto3, json, sys, uuid
        url, allowed, count = sys.argv[1], sys.argv[2].split(), int(sys.argv[3])
        def client(service):
            return boto3.client(service, endpoint_url=url, region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
        name = "orders-" + uuid.uuid4().hex
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        arn = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
        client("iam").put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        print(json.dumps([client("sts").assume_role(RoleArn=arn, RoleSessionName="s%d" % n)["Credentials"] for n in range(count)], default=str))
        """;

    private static readonly string[] Default =
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:PutRetentionPolicy", "secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt"];

    public (string Name, string? Value)[] Environment =>
        [("AWS_ACCESS_KEY_ID", AccessKeyId), ("AWS_SECRET_ACCESS_KEY", SecretAccessKey), ("AWS_SESSION_TOKEN", SessionToken)];

    /// <summary>So many sessions of a new role. No secret of them may leave, except a token in its own header to AWS.</summary>
    /// <param name="allowed">The actions of its policy. All that the extension needs by default.</param>
    public static async Task<IReadOnlyList<AwsRole>> AssumeAsync(LocalCloudWatch moto, int sessions = 1, params string[] allowed)
    {
        await GuardAsync(moto, on: false);
        var made = await Tool.RunAsync(
            Tool.Require("python3"), ["-c", Program, moto.Server.Url.ToString(), string.Join(' ', allowed is [] ? Default : allowed), $"{sessions}"]);
        Assert.True(made.ExitCode == 0, made.Errors);
        var roles = JsonSerializer.Deserialize<AwsRole[]>(made.Output)!;
        foreach (var role in roles)
        {
            Canary.Hide(role.SecretAccessKey);
            Canary.Hide(role.SessionToken, Home.AwsSessionToken);
        }

        return roles;
    }

    /// <summary>Whether moto checks signatures and policies. Off, it takes whatever comes.</summary>
    public static async Task GuardAsync(LocalCloudWatch moto, bool on)
    {
        using var http = new HttpClient();
        using var content = new StringContent(on ? "0" : "inf");
        using var answer = await http.PostAsync(new Uri(moto.Server.Url, "moto-api/reset-auth"), content, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{answer}");
    }

    /// <summary>Every line of these invocations is in the group. A request that a flush cut off was sent again, so some may be there twice.</summary>
    public static async Task CheckEventsAsync(LocalCloudWatch moto, string group, IReadOnlyList<InvocationResult> results)
    {
        await GuardAsync(moto, on: false);
        var messages = (await moto.EventsAsync(group)).Select(static logEvent => logEvent.Message).Distinct().Where(static message => message.Contains("\"body\":", StringComparison.Ordinal)).ToList();
        Assert.All(results, result => Assert.Equal(FaultRun.LinesPerOrder, messages.Count(message => message.Contains(result.RequestId, StringComparison.Ordinal))));
    }
}
