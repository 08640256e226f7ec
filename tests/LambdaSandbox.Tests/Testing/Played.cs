using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace LambdaSandbox.Tests.Testing;

internal sealed record Answer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? ErrorType => Json["errorType"]?.GetValue<string>();

    /// <summary>Exactly this error, in the form that all APIs share.</summary>
    public void Is(HttpStatusCode status, string errorType, string message) =>
        Assert.Equal((status, errorType, message), (Status, ErrorType, Json["errorMessage"]!.GetValue<string>()));
}

/// <summary>An HTTP client that plays the runtime or an extension, with a deadline on everything.</summary>
internal class Played(string authority, CancellationToken cancellation) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = new Uri($"http://{authority}"), Timeout = TimeSpan.FromSeconds(20) };

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await http.SendAsync(request, cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        return new Answer(response.StatusCode, text, response.Headers.ToDictionary(h => h.Key, h => string.Join(',', h.Value)));
    }

    public void Dispose() => http.Dispose();
}

internal sealed class PlayedRuntime(string authority, CancellationToken cancellation) : Played(authority, cancellation)
{
    private const string Root = "/2018-06-01/runtime/";

    public Task<Answer> NextAsync() => SendAsync(HttpMethod.Get, Root + "invocation/next");

    public Task<Answer> RespondAsync(string id, string body = "{\"ok\":true}", params (string, string)[] headers) =>
        SendAsync(HttpMethod.Post, $"{Root}invocation/{id}/response", body, headers);

    public Task<Answer> FailAsync(string id, string errorType) => SendAsync(
        HttpMethod.Post, $"{Root}invocation/{id}/error", "{\"errorMessage\":\"no\"}", ("Lambda-Runtime-Function-Error-Type", errorType));

    public Task<Answer> FailInitAsync(string errorType) => SendAsync(
        HttpMethod.Post, Root + "init/error", "{\"errorMessage\":\"no\"}", ("Lambda-Runtime-Function-Error-Type", errorType));

    public Task<Answer> RestoreNextAsync() => SendAsync(HttpMethod.Get, Root + "restore/next");

    /// <summary>Gets one event, answers it, and returns the pending Next.</summary>
    public async Task<Task<Answer>> ServeAsync(Task<Answer> pending)
    {
        await RespondAsync((await pending).Headers["Lambda-Runtime-Aws-Request-Id"]);
        return NextAsync();
    }
}

internal sealed class PlayedExtension(string authority, string name, CancellationToken cancellation) : Played(authority, cancellation)
{
    private const string Root = "/2020-01-01/extension/";

    public string Id { get; set; } = "";

    public async Task<Answer> RegisterAsync(string body = "{\"events\":[\"INVOKE\",\"SHUTDOWN\"]}", params (string, string)[] headers)
    {
        var answer = await SendAsync(HttpMethod.Post, Root + "register", body, [("Lambda-Extension-Name", name), .. headers]);
        Id = answer.Headers.GetValueOrDefault("Lambda-Extension-Identifier", Id);
        return answer;
    }

    public Task<Answer> SubscribeAsync(string body) => SubscribeAsync("/2022-07-01/telemetry", body);

    /// <summary>The Logs API that came before.</summary>
    public Task<Answer> SubscribeToLogsAsync(string body) => SubscribeAsync("/2020-08-15/logs", body);

    private Task<Answer> SubscribeAsync(string path, string body) => SendAsync(HttpMethod.Put, path, body, ("Lambda-Extension-Identifier", Id));

    public Task<Answer> SubscribeAsync(Listener listener, string types = "\"platform\",\"function\",\"extension\"", string schema = "2025-01-29") =>
        SubscribeAsync(Subscription(listener.Uri, types, schema));

    public Task<Answer> NextAsync() => SendAsync(HttpMethod.Get, Root + "event/next", null, ("Lambda-Extension-Identifier", Id));

    public Task<Answer> ErrorAsync(string which, string? errorType) => SendAsync(
        HttpMethod.Post, Root + which + "/error", "",
        errorType is null ? [("Lambda-Extension-Identifier", Id)] : [("Lambda-Extension-Identifier", Id), ("Lambda-Extension-Function-Error-Type", errorType)]);

    public static string Subscription(string uri, string types = "\"platform\",\"function\"", string schema = "2025-01-29", string buffering = "{\"timeoutMs\":25}") =>
        $"{{\"schemaVersion\":\"{schema}\",\"types\":[{types}],\"buffering\":{buffering},\"destination\":{{\"protocol\":\"HTTP\",\"URI\":\"{uri}\"}}}}";
}
