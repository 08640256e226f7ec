using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace DemoFunction;

/// <summary>One invocation as <c>GET /runtime/invocation/next</c> returns it. The payload is the unchanged event.</summary>
internal sealed record Invocation(string RequestId, string? InvocationId, string? TraceHeader, DateTimeOffset Deadline, byte[] Payload);

/// <summary>The report of a failure to the Runtime API. <paramref name="Type"/> is <c>Function.Reason</c> or <c>Runtime.Reason</c>.</summary>
internal sealed record InvocationError(string Type, string Message, string[] StackTrace)
{
    public static string[] StackOf(Exception exception) =>
        (exception.StackTrace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>
/// Client of the Lambda Runtime API 2018-06-01. Throws for any answer except 2xx, because AWS asks a runtime to exit then.
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
/// </summary>
internal sealed class RuntimeApi : IDisposable
{
    private readonly HttpClient _http;

    public RuntimeApi(string address) => _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
    {
        BaseAddress = new Uri($"http://{address}/2018-06-01/runtime/"),
        // Between invocations Lambda freezes the environment inside this call, without a limit.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<Invocation> NextAsync()
    {
        using var response = await _http.GetAsync(new Uri("invocation/next", UriKind.Relative));
        response.EnsureSuccessStatusCode();
        var deadline = long.Parse(Header(response, "Lambda-Runtime-Deadline-Ms") ?? "0", CultureInfo.InvariantCulture);
        return new Invocation(
            Header(response, "Lambda-Runtime-Aws-Request-Id") ?? throw new InvalidDataException("/next answered without a request id"),
            Header(response, "Lambda-Runtime-Invocation-Id"),
            Header(response, "Lambda-Runtime-Trace-Id"),
            DateTimeOffset.FromUnixTimeMilliseconds(deadline),
            await response.Content.ReadAsByteArrayAsync());
    }

    public Task PostResponseAsync(Invocation invocation, byte[] json) =>
        PostAsync($"invocation/{invocation.RequestId}/response", json, invocation.InvocationId, errorType: null);

    public Task PostErrorAsync(Invocation invocation, InvocationError error) =>
        PostAsync($"invocation/{invocation.RequestId}/error", Body(error), invocation.InvocationId, error.Type);

    /// <summary>
    /// Reports the end of the init phase under SnapStart. Lambda takes the snapshot inside this call, and each copy of the environment continues behind it.
    /// https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html
    /// </summary>
    public async Task RestoreNextAsync()
    {
        using var response = await _http.GetAsync(new Uri("restore/next", UriKind.Relative));
        response.EnsureSuccessStatusCode();
    }

    public Task PostRestoreErrorAsync(InvocationError error) => PostAsync("restore/error", Body(error), invocationId: null, error.Type);

    public Task PostInitErrorAsync(InvocationError error) => PostAsync("init/error", Body(error), invocationId: null, error.Type);

    public void Dispose() => _http.Dispose();

    private async Task PostAsync(string path, byte[] json, string? invocationId, string? errorType)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (invocationId is not null)
            request.Headers.Add("Lambda-Runtime-Invocation-Id", invocationId);
        if (errorType is not null)
            request.Headers.Add("Lambda-Runtime-Function-Error-Type", errorType);
        using var response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }

    private static byte[] Body(InvocationError error) => JsonSerializer.SerializeToUtf8Bytes(
        new ErrorBody(error.Message, error.Type, error.StackTrace), DemoJson.Default.ErrorBody);

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;
}
