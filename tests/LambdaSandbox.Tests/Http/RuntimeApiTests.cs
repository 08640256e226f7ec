using System.Net;
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
    public async Task Next_WithoutAnswering_IsInvalidTransition()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        var id = (await environment.RuntimeNext).Headers["Lambda-Runtime-Aws-Request-Id"];
        var answer = await environment.Runtime.NextAsync();
        Assert.Equal((HttpStatusCode.Forbidden, "InvalidStateTransition"), (answer.Status, answer.ErrorType));

        await environment.Runtime.RespondAsync(id);
        environment.RuntimeNext = environment.Runtime.NextAsync();
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        Assert.True((await invoke).Succeeded);
    }

    [Fact]
    public async Task Response_WrongOrRepeated_IsRefusedAndTooLargeFails()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        var next = await environment.RuntimeNext;
        var id = next.Headers["Lambda-Runtime-Aws-Request-Id"];

        Assert.Equal("InvalidRequestID", (await environment.Runtime.RespondAsync("other")).ErrorType);
        Assert.Equal("InvalidInvocationId", (await environment.Runtime.RespondAsync(id, headers: ("Lambda-Runtime-Invocation-Id", "other"))).ErrorType);
        Assert.Equal(
            "InvalidFunctionResponseMode",
            (await environment.Runtime.RespondAsync(id, headers: ("Lambda-Runtime-Function-Response-Mode", "odd"))).ErrorType);
        var large = await environment.Runtime.RespondAsync(id, new string('x', (6 * 1024 * 1024) + 101));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "RequestEntityTooLarge"), (large.Status, large.ErrorType));
        Assert.Equal("InvalidRequestID", (await environment.Runtime.RespondAsync(id)).ErrorType);

        environment.RuntimeNext = environment.Runtime.NextAsync();
        await environment.ExtensionNext;
        environment.ExtensionNext = environment.Extension.NextAsync();
        Assert.Equal("Function.ResponseSizeTooLarge", (await invoke).Error!.ErrorType);
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
}
