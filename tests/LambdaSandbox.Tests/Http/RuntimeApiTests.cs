using System.Net;
using System.Net.Sockets;
using System.Text;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Http;

public sealed class RuntimeApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Next_CarriesTheDocumentedHeaders()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Tracing = TracingMode.Active }, Cancellation);
        var pending = environment.RuntimeNext;
        var result = await environment.InvokeAsync("{\"order\":1}", new InvokeOptions { TenantId = "blue" });
        var answer = await pending;
        Assert.Equal("{\"order\":1}", answer.Body);
        Assert.Equal(result.RequestId, answer.Headers["Lambda-Runtime-Aws-Request-Id"]);
        Assert.Equal(result.TraceHeader, answer.Headers["Lambda-Runtime-Trace-Id"]);
        Assert.Equal("blue", answer.Headers["Lambda-Runtime-Aws-Tenant-Id"]);
        Assert.Equal(environment.Lambda.FunctionArn, answer.Headers["Lambda-Runtime-Invoked-Function-Arn"]);
        Assert.False(answer.Headers.ContainsKey("Lambda-Runtime-Client-Context"));
        Assert.Equal("{\"ok\":true}", result.Payload);
    }

    [Fact]
    public async Task Next_WithoutAnswering_GivesTheSameEventAgain()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{\"order\":1}", Cancellation);
        var first = await environment.RuntimeNext;
        var again = await environment.Runtime.NextAsync();
        Assert.Equal((HttpStatusCode.OK, "{\"order\":1}"), (again.Status, again.Body));
        Assert.Equal(first.Headers["Lambda-Runtime-Aws-Request-Id"], again.Headers["Lambda-Runtime-Aws-Request-Id"]);
        Assert.Equal(first.Headers["Lambda-Runtime-Deadline-Ms"], again.Headers["Lambda-Runtime-Deadline-Ms"]);
        await environment.Runtime.RespondAsync(again.Headers["Lambda-Runtime-Aws-Request-Id"]);
        Assert.True((await environment.EndAsync(invoke)).Succeeded);
    }

    [Fact]
    public async Task Response_WithAnotherId_IsRefused()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        var id = (await environment.RuntimeNext).Headers["Lambda-Runtime-Aws-Request-Id"];
        (await environment.Runtime.RespondAsync("other")).Is(HttpStatusCode.BadRequest, "InvalidRequestID", "Invalid request ID");
        (await environment.Runtime.RespondAsync(id, headers: ("Lambda-Runtime-Invocation-Id", "other"))).Is(HttpStatusCode.BadRequest, "InvalidInvocationId", "Invalid invocation ID");
        await environment.Runtime.RespondAsync(id);
        Assert.True((await environment.EndAsync(invoke)).Succeeded);
    }

    [Fact]
    public async Task Response_TooLarge_IsRefusedAndASecondOneIsNotTaken()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        var id = (await environment.RuntimeNext).Headers["Lambda-Runtime-Aws-Request-Id"];
        (await environment.Runtime.RespondAsync(id, new string('x', (6 * 1024 * 1024) + 101))).Is(
            HttpStatusCode.RequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes).");
        (await environment.Runtime.RespondAsync(id)).Is(
            HttpStatusCode.Forbidden, "InvalidStateTransition",
            "State transition from RuntimeResponseSentState to InvocationResponse failed for runtime. Error: State transition is not allowed");
        var result = await environment.EndAsync(invoke);
        Assert.Equal("Function.ResponseSizeTooLarge", result.Error!.ErrorType);
        Assert.Equal(
            "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size (6291556 bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}",
            result.Error.Body);
    }

    [Theory]
    [InlineData("odd")]
    [InlineData("buffered")]
    public async Task Response_BadMode_FailsTheInvocationAndTheRuntimeIsStuck(string mode)
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Timeout = TimeSpan.FromMilliseconds(400) }, Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        var id = (await environment.RuntimeNext).Headers["Lambda-Runtime-Aws-Request-Id"];
        (await environment.Runtime.RespondAsync(id, headers: ("Lambda-Runtime-Function-Response-Mode", mode))).Is(
            HttpStatusCode.BadRequest, "InvalidFunctionResponseMode", "Invalid function response mode");
        (await environment.Runtime.NextAsync()).Is(
            HttpStatusCode.Forbidden, "InvalidStateTransition",
            "State transition from InvocationResponse to Ready failed for runtime. Error: State transition is not allowed");
        var result = await invoke;
        Assert.Equal(("timeout", "Runtime.InvalidResponseModeHeader"), (result.Status, result.Error!.ErrorType));
    }

    [Fact]
    public async Task Response_Truncated_IsRefusedAndFailsTheInvocation()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        using var client = await SendAsync(environment, "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"half\":\r\nnot a chunk\r\n");
        using var reader = new StreamReader(client.GetStream());
        Assert.Equal("HTTP/1.1 400 Bad Request", await reader.ReadLineAsync(Cancellation));
        var answer = await reader.ReadToEndAsync(Cancellation);
        Assert.Contains("{\"errorMessage\":\"HTTP request detected as truncated\",\"errorType\":\"TruncatedHTTPRequest\"}", answer, StringComparison.Ordinal);
        Assert.Equal("Runtime.TruncatedResponse", (await environment.EndAsync(invoke)).Error!.ErrorType);
    }

    [Fact]
    public async Task Response_ConnectionEndsWithinIt_FailsTheInvocation()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        (await SendAsync(environment, "Content-Length: 100\r\n\r\n{\"half\":")).Dispose();
        for (var i = 0; i < 500 && environment.Made("platform.runtimeDone").Count == 0; i++)
        {
            environment.RuntimeNext = environment.Runtime.NextAsync();
            await Task.WhenAny(environment.RuntimeNext, Task.Delay(10, Cancellation));
        }

        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        Assert.Equal(("error", "Runtime.TruncatedResponse"), ((await invoke).Status, (await invoke).Error!.ErrorType));
    }

    [Theory]
    [InlineData("Function.OrderInvalid", "Function.OrderInvalid")]
    [InlineData("Function.order-invalid", "Function.Unknown")]
    [InlineData("nonsense", "Runtime.Unknown")]
    public async Task Error_TypeIsNormalised_AndRuntimeDoneSaysError(string sent, string seen)
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        var id = (await environment.RuntimeNext).Headers["Lambda-Runtime-Aws-Request-Id"];
        Assert.Equal(HttpStatusCode.Accepted, (await environment.Runtime.FailAsync(id, sent)).Status);
        environment.RuntimeNext = environment.Runtime.NextAsync();
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();

        var result = await invoke;
        Assert.Equal(seen, result.Error!.ErrorType);
        var done = Assert.Single(environment.Made("platform.runtimeDone")).Record!;
        Assert.Equal(("error", seen), (done["status"]!.GetValue<string>(), done["errorType"]!.GetValue<string>()));
    }

    [Fact]
    public async Task InitError_FailsTheInit_AndTheInvocationTriesAgain()
    {
        await using var lambda = await Sandbox.OpenAsync(new SandboxOptions());
        using var runtime = new PlayedRuntime(lambda.RuntimeApi, Cancellation);
        var init = lambda.InitAsync(Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, (await runtime.FailInitAsync("Runtime.NoSuchModule")).Status);
        Assert.Equal("Runtime.NoSuchModule", (await init).ErrorType);

        var invoke = lambda.InvokeAsync("{}", Cancellation);
        var next = await runtime.ServeAsync(runtime.NextAsync());
        Assert.True((await invoke).Succeeded);
        Assert.Equal(["init", "invoke"], lambda.Events.Where(e => e.Type == "platform.initReport").Select(e => e.Record!["phase"]!.GetValue<string>()));
        _ = next.ContinueWith(t => t.Exception, TaskScheduler.Default);
    }

    /// <summary>Takes the event, and begins to answer it by hand.</summary>
    private static async Task<TcpClient> SendAsync(PlayedEnvironment environment, string rest)
    {
        var id = (await environment.RuntimeNext).Headers["Lambda-Runtime-Aws-Request-Id"];
        var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(environment.Lambda.RuntimeApi), Cancellation);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{rest}"), Cancellation);
        return client;
    }
}
