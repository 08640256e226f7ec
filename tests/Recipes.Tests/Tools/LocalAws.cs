using LambdaSandbox;
using LambdaSandbox.CloudWatch;

namespace Recipes.Tests.Tools;

/// <summary>One moto for all tests that deploy. It answers for every AWS service. Tests use different names.</summary>
public sealed class LocalAws : IAsyncLifetime
{
    private CloudWatchLogsServer? _server;
    private string _missing = "";

    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await CloudWatchLogsServer.StartAsync(TestContext.Current.CancellationToken);
        }
        catch (SandboxException exception)
        {
            _missing = exception.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <summary>The variables for a program that uses it. Skips the test where moto is missing, with the reason.</summary>
    internal Dictionary<string, string> Environment(string region = "eu-central-1")
    {
        if (_server is null)
            Assert.Skip(_missing);
        return new()
        {
            ["AWS_ENDPOINT_URL"] = _server!.Url.ToString(),
            ["AWS_ACCESS_KEY_ID"] = "test",
            ["AWS_SECRET_ACCESS_KEY"] = "test",
            ["AWS_DEFAULT_REGION"] = region,
            ["AWS_REGION"] = region,
            ["AWS_PAGER"] = "",
            ["HOME"] = System.Environment.GetEnvironmentVariable("HOME") ?? "/",
        };
    }

    internal async Task<string> AwsAsync(params string[] arguments)
    {
        var result = await Tool.RunAsync(Tool.Require("aws"), arguments, environment: Environment());
        Assert.True(result.ExitCode == 0, $"aws {string.Join(' ', arguments)}: {result.All}");
        return result.Output.Trim();
    }
}

[CollectionDefinition(Name)]
#pragma warning disable CA1711 // xunit's word for it
public sealed class AwsCollection : ICollectionFixture<LocalAws>
#pragma warning restore CA1711
{
    public const string Name = "AWS";
}
