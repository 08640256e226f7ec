using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TelemetryExtension.Configuration;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.Tests.Secrets;

/// <summary>Reads from a server that answers what no store answers.</summary>
public sealed class AwsSecretReaderTests : IAsyncLifetime
{
    private static readonly SecretSource Key = FakeSecretReader.Key;
    private static readonly SecretSource Other = FakeSecretReader.Key with { Arn = FakeSecretReader.Key.Arn + "2" };
    private static readonly SecretSource Host = FakeSecretReader.Host;

    private WebApplication _app = null!;
    private string _strange = "";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private AwsOptions Aws => new("eu-west-1", "a", "b", SecretsManagerEndpoint: _app.Urls.First(), SsmEndpoint: _app.Urls.First());

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

    [Theory]
    [InlineData("[]", "the answer has no value", "there is no such parameter")]
    [InlineData("null", "the answer has no value", "there is no such parameter")]
    [InlineData("""{"SecretBinary":5,"Parameters":7}""", "the answer has no value", "there is no such parameter")]
    public async Task Read_AnswerIsNoObject_CostsOnlyItsOwnSecret(string answer, string keyProblem, string hostProblem)
    {
        _strange = answer;

        var answers = await new AwsSecretReader(Aws).ReadAsync([Key, Other, Host], isFresh: false, Cancelled);

        Assert.Equal(
            [(Key, null, keyProblem), (Other, "other", null), (Host, null, hostProblem)],
            answers.Select(static each => (each.Source, each.Text, each.Problem)));
    }

    /// <summary>An exception that nobody expects must not take the other batches along.</summary>
    [Fact]
    public async Task Read_OneBatchFailsUnexpectedly_TheOthersAreRead()
    {
        var nameless = Host with { Arn = "no ARN" };
        _strange = "{}";

        var answers = await new AwsSecretReader(Aws).ReadAsync([nameless, Other], isFresh: false, Cancelled);

        Assert.Equal("other", answers.Single(static each => each.Source == Other).Text);
        Assert.NotNull(answers.Single(each => each.Source == nameless).Problem);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        var request = await body.ReadToEndAsync(Cancelled);
        await context.Response.WriteAsync(request.Contains($"\"{Other.Arn}\"", StringComparison.Ordinal) ? """{"SecretString":"other"}""" : _strange, Cancelled);
    }
}
