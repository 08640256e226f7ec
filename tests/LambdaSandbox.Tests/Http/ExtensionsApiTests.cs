using System.Net;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Http;

public sealed class ExtensionsApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Register_WithAcceptFeature_TellsFunctionAndAccount()
    {
        await using var lambda = await OpenAsync();
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        var answer = await ext.RegisterAsync(headers: ("Lambda-Extension-Accept-Feature", "other, accountId"));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.True(Guid.TryParse(ext.Id, out _));
        Assert.Equal("orders", answer.Json["functionName"]!.GetValue<string>());
        Assert.Equal("$LATEST", answer.Json["functionVersion"]!.GetValue<string>());
        Assert.Equal("bootstrap", answer.Json["handler"]!.GetValue<string>());
        Assert.Equal("123456789012", answer.Json["accountId"]!.GetValue<string>());
    }

    [Fact]
    public async Task Register_WithoutAcceptFeature_KeepsAccountToItself()
    {
        await using var lambda = await OpenAsync();
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        Assert.Null((await ext.RegisterAsync()).Json["accountId"]);
    }

    [Theory]
    [InlineData("ext", "", "InvalidRequestFormat")]
    [InlineData("ext", "[", "InvalidRequestFormat")]
    [InlineData("ext", "{\"events\":[],\"configurationKeys\":[\"a\"]}", "InvalidRequestFormat")]
    [InlineData("ext", "{\"events\":[\"BOOT\"]}", "Extension.InvalidEventType")]
    [InlineData("other", "{\"events\":[\"SHUTDOWN\"]}", "Extension.InvalidEventType")]
    [InlineData("", "{\"events\":[]}", "Extension.InvalidExtensionName")]
    public async Task Register_WithMistake_IsForbidden(string name, string body, string errorType)
    {
        await using var lambda = await OpenAsync();
        using var ext = new PlayedExtension(lambda.RuntimeApi, name, Cancellation);
        var answer = await ext.RegisterAsync(body);
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal(errorType, answer.ErrorType);
    }

    [Fact]
    public async Task Register_Twice_IsInvalidState()
    {
        await using var lambda = await OpenAsync();
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        Assert.Equal(HttpStatusCode.OK, (await ext.RegisterAsync("{}")).Status);
        Assert.Equal("Extension.InvalidExtensionState", (await ext.RegisterAsync()).ErrorType);
    }

    [Fact]
    public async Task Register_EleventhExtension_IsTooMany()
    {
        await using var lambda = await OpenAsync();
        for (var i = 0; i < 9; i++)
        {
            using var ext = new PlayedExtension(lambda.RuntimeApi, $"internal-{i}", Cancellation);
            Assert.Equal(HttpStatusCode.OK, (await ext.RegisterAsync("{\"events\":[\"INVOKE\"]}")).Status);
        }

        using var last = new PlayedExtension(lambda.RuntimeApi, "one-more", Cancellation);
        (await last.RegisterAsync("{}")).Is(HttpStatusCode.Forbidden, "Extension.TooManyExtensions", "Extension limit (10) reached");
    }

    [Fact]
    public async Task Register_InternalAfterRuntimesNext_IsClosed()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        using var late = new PlayedExtension(environment.Lambda.RuntimeApi, "late", Cancellation);
        Assert.Equal("Extension.RegistrationClosed", (await late.RegisterAsync("{\"events\":[\"INVOKE\"]}")).ErrorType);
    }

    [Fact]
    public async Task Register_InvokeOnManagedInstances_IsInvalidEventType()
    {
        await using var lambda = await OpenAsync(new SandboxOptions { InitializationType = InitializationType.ManagedInstances });
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        Assert.Equal("Extension.InvalidEventType", (await ext.RegisterAsync()).ErrorType);
        Assert.Equal(HttpStatusCode.OK, (await ext.RegisterAsync("{\"events\":[\"SHUTDOWN\"]}")).Status);
    }

    [Theory]
    [InlineData("", "Extension.MissingExtensionIdentifier")]
    [InlineData("no-uuid", "Extension.InvalidExtensionIdentifier")]
    [InlineData("3da1f2dc-3222-475e-9205-e2e6c6318895", "Extension.UnknownExtensionIdentifier")]
    public async Task Next_WithWrongIdentifier_IsForbidden(string id, string errorType)
    {
        await using var lambda = await OpenAsync();
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation) { Id = id };
        var answer = await ext.NextAsync();
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal(errorType, answer.ErrorType);
    }

    [Fact]
    public async Task InitError_BeforeNext_FailsTheInit()
    {
        await using var lambda = await Sandbox.OpenAsync(new SandboxOptions { PlayedExtensions = ["ext"] });
        var init = lambda.InitAsync(Cancellation);
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        await ext.RegisterAsync();
        Assert.Equal("Extension.MissingHeader", (await ext.ErrorAsync("init", null)).ErrorType);
        Assert.Equal(HttpStatusCode.Accepted, (await ext.ErrorAsync("init", "Extension.ConfigInvalid")).Status);
        var result = await init;
        Assert.Equal(("error", "Extension.InitError"), (result.Status, result.ErrorType));
    }

    [Fact]
    public async Task ExitError_AfterNext_IsFinal()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        Assert.Equal("Extension.InvalidExtensionState", (await environment.Extension.ErrorAsync("init", "Extension.Late")).ErrorType);
        Assert.Equal(HttpStatusCode.Accepted, (await environment.Extension.ErrorAsync("exit", "Extension.Gone")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await environment.Extension.ErrorAsync("exit", "Extension.Gone")).Status);
        Assert.Equal("Extension.InvalidExtensionState", (await environment.Extension.NextAsync()).ErrorType);
    }

    [Fact]
    public async Task Next_Invoke_CarriesTheDocumentedFields()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions { Tracing = TracingMode.Active }, Cancellation);
        var pending = environment.ExtensionNext;
        var result = await environment.InvokeAsync();
        var answer = await pending;
        Assert.True(answer.Headers.ContainsKey("Lambda-Extension-Event-Identifier"));
        Assert.Equal("INVOKE", answer.Json["eventType"]!.GetValue<string>());
        Assert.Equal(result.RequestId, answer.Json["requestId"]!.GetValue<string>());
        Assert.Equal("arn:aws:lambda:eu-west-1:123456789012:function:orders", answer.Json["invokedFunctionArn"]!.GetValue<string>());
        Assert.InRange(answer.Json["deadlineMs"]!.GetValue<long>() - result.StartedAt.ToUnixTimeMilliseconds(), 2990, 3010);
        Assert.Equal("X-Amzn-Trace-Id", answer.Json["tracing"]!["type"]!.GetValue<string>());
        Assert.Equal(result.TraceHeader, answer.Json["tracing"]!["value"]!.GetValue<string>());
    }

    [Fact]
    public async Task Next_Shutdown_TellsReasonAndDeadline()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation);
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var end = await environment.Lambda.ShutdownAsync(cancellation: Cancellation);
        var answer = await environment.ExtensionNext;
        Assert.Equal("SHUTDOWN", answer.Json["eventType"]!.GetValue<string>());
        Assert.Equal("spindown", answer.Json["shutdownReason"]!.GetValue<string>());
        Assert.InRange(answer.Json["deadlineMs"]!.GetValue<long>() - before, 1990, 2200);
        Assert.True(end.Drained);
    }

    private static async Task<Sandbox> OpenAsync(SandboxOptions? options = null)
    {
        var lambda = await Sandbox.OpenAsync((options ?? new SandboxOptions()) with { PlayedExtensions = ["ext"] });
        _ = lambda.InitAsync(Cancellation);
        return lambda;
    }
}
