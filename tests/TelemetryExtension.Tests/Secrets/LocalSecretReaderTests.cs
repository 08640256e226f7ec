using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TelemetryExtension.Configuration;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.Tests.Secrets;

/// <summary>Reads from a server that answers as the manual of AWS's Parameters and Secrets extension says.</summary>
public sealed class LocalSecretReaderTests : IAsyncLifetime
{
    private static readonly SecretSource Key = FakeSecretReader.Key;
    private static readonly SecretSource Host = FakeSecretReader.Host;

    private readonly FakeSecretReader _stores = new() { Texts = { [Key] = "store's key", [Host] = "store's host" } };
    private readonly List<string> _asked = [];
    private WebApplication _app = null!;
    private int _status = 200;
    private string _key = "local key";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync(Cancelled);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task Read_ExtensionOfAwsAnswers_DoesNotAskTheStores()
    {
        var answers = await Reader().ReadAsync([Key, Host], isFresh: false, Cancelled);

        Assert.Equal(["local key", "local host"], answers.Select(answer => answer.Text));
        Assert.Empty(_stores.Calls);
        Assert.Equal(
            [
                "/secretsmanager/get?secretId=arn%3Aaws%3Asecretsmanager%3Aeu-west-1%3A123456789012%3Asecret%3Akey session",
                "/systemsmanager/parameters/get?name=arn%3Aaws%3Assm%3Aeu-west-1%3A123456789012%3Aparameter%2Fhost&withDecryption=true session",
            ],
            _asked.Order());
    }

    /// <summary>Its cache would still return the key from before a rotation.</summary>
    [Fact]
    public async Task Read_MustBeFresh_AsksTheStores()
    {
        var answers = await Reader().ReadAsync([Key], isFresh: true, Cancelled);

        Assert.Equal("store's key", Assert.Single(answers).Text);
        Assert.Empty(_asked);
    }

    /// <summary>The extension of AWS refuses in the init phase.</summary>
    [Fact]
    public async Task Read_ExtensionOfAwsRefuses_AsksTheStores()
    {
        _status = 400;

        Assert.Equal("store's key", Assert.Single(await Reader().ReadAsync([Key], isFresh: false, Cancelled)).Text);
    }

    /// <summary>Something else listens on the port, and its answer must not fill the memory.</summary>
    [Fact]
    public async Task Read_AnswerIsTooLong_AsksTheStores()
    {
        _key = new('x', 2 * 1024 * 1024);

        Assert.Equal("store's key", Assert.Single(await Reader().ReadAsync([Key], isFresh: false, Cancelled)).Text);
    }

    [Fact]
    public async Task Read_NobodyListens_AsksTheStores() =>
        Assert.Equal("store's key", Assert.Single(await Reader(1).ReadAsync([Key], isFresh: false, Cancelled)).Text);

    [Fact]
    public void PathOf_Version_IsInTheQuery() => Assert.EndsWith(
        "&versionStage=AWSPREVIOUS", LocalSecretReader.PathOf(Key with { Version = new("versionStage", "AWSPREVIOUS") }), StringComparison.Ordinal);

    private LocalSecretReader Reader(int? port = null) => new(new AwsOptions(SessionToken: "session"), port ?? new Uri(_app.Urls.First()).Port, _stores);

    private Task AnswerAsync(HttpContext context)
    {
        lock (_asked)
            _asked.Add($"{context.Request.Path}{context.Request.QueryString} {context.Request.Headers["X-Aws-Parameters-Secrets-Token"]}");
        context.Response.StatusCode = _status;
        return context.Response.WriteAsync(context.Request.Path.StartsWithSegments("/secretsmanager", StringComparison.Ordinal)
            ? $$"""{"ARN":"arn","SecretString":"{{_key}}"}"""
            : """{"Parameter":{"ARN":"arn","Value":"local host"}}""");
    }
}
