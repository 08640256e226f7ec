using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EndToEnd.Tests.Aws;

/// <summary>
/// The endpoint of AWS_CONTAINER_CREDENTIALS_FULL_URI, which is where a SnapStart function gets its role. It gives nothing without the right token.
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
/// </summary>
internal sealed class CredentialsServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _token;
    private readonly ConcurrentQueue<AwsRequest> _requests = [];
    private readonly ConcurrentQueue<(int Status, string Body)> _answers;
    private int _refused;

    private CredentialsServer(WebApplication app, string token, IEnumerable<(int Status, string Body)> answers) => (_app, _token, _answers) = (app, token, new(answers));

    public int Requests => _requests.Count;

    /// <summary>Requests without the right token.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <param name="answers">One after the other. The last one counts for ever.</param>
    public static async Task<CredentialsServer> StartAsync(string port, string token, params IEnumerable<(int Status, string Body)> answers)
    {
        var server = new CredentialsServer(LoopbackServer.Create(int.Parse(port, CultureInfo.InvariantCulture)), token, answers);
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        AwsRequest.Watch(server._requests, UrlOf(port));
        return server;
    }

    public static string UrlOf(string port) => $"http://127.0.0.1:{port}/credentials";

    public static (int Status, string Body) Of(AwsRole role, TimeSpan life) => (200, JsonSerializer.Serialize(new
    {
        role.AccessKeyId,
        role.SecretAccessKey,
        Token = role.SessionToken,
        Expiration = (DateTimeOffset.UtcNow + life).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    }));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var request = await AwsRequest.ReadAsync(context.Request);
        _requests.Enqueue(request);
        (int Status, string Body) answer;
        if (request.Headers.GetValueOrDefault("Authorization") != _token)
        {
            Interlocked.Increment(ref _refused);
            answer = (403, """{"message":"wrong token"}""");
        }
        else if (_answers.Count == 1 || !_answers.TryDequeue(out answer))
            _answers.TryPeek(out answer);
        context.Response.StatusCode = answer.Status;
        await context.Response.WriteAsync(answer.Body, context.RequestAborted);
    }
}
