using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Telemetry;

/// <summary>The Logs API 2020-08-15, which came before the Telemetry API.</summary>
public sealed class LogsApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("POST", "2020-08-15", false)]
    [InlineData("PUT", "2021-03-18", true)]
    public async Task Http_AnInvocation_ComesAsItsOwnEvents(string method, string schema, bool withRuntimeDone)
    {
        await using var environment = await SubscribedAsync(
            listener => $"{{\"schemaVersion\":\"{schema}\",\"types\":[\"platform\",\"function\"],\"buffering\":{{\"timeoutMs\":25}},"
                + $"\"destination\":{{\"protocol\":\"HTTP\",\"URI\":\"{listener.Uri}\",\"method\":\"{method}\"}}}}");
        var result = await environment.InvokeAsync();
        environment.Lambda.Emit("function", JsonValue.Create("hello\n"));
        await environment.Lambda.ShutdownAsync(cancellation: Cancellation);

        string[] types = ["platform.logsSubscription", "platform.extension", "platform.start", "platform.end", "platform.report", "function"];
        Assert.Equal(
            withRuntimeDone ? [.. types[..3], "platform.runtimeDone", .. types[3..]] : types, environment.Listener.Types);
        Assert.All(environment.Listener.Methods, used => Assert.Equal(method, used));
        var records = environment.Listener.Events.GroupBy(item => item["type"]!.GetValue<string>()).ToDictionary(group => group.Key, group => group.First()["record"]!);
        Assert.Equal("""{"name":"ext","state":"Subscribed","types":["platform","function"]}""", records["platform.logsSubscription"].ToJsonString());
        Assert.Equal($$"""{"requestId":"{{result.RequestId}}","version":"$LATEST"}""", records["platform.start"].ToJsonString());
        Assert.Equal($$"""{"requestId":"{{result.RequestId}}"}""", records["platform.end"].ToJsonString());
        Assert.Equal(["requestId", "metrics"], records["platform.report"].AsObject().Select(field => field.Key));
        Assert.Equal(
            ["durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"], records["platform.report"]["metrics"]!.AsObject().Select(field => field.Key));
        Assert.Equal("hello\n", records["function"].GetValue<string>());
        if (withRuntimeDone)
            Assert.Equal($$"""{"requestId":"{{result.RequestId}}","status":"success"}""", records["platform.runtimeDone"].ToJsonString());
    }

    [Fact]
    public async Task Http_RuntimeCrashes_FaultIsText()
    {
        await using var environment = await SubscribedAsync(listener => Body($"\"HTTP\",\"URI\":\"{listener.Uri}\""));
        var invoke = environment.Lambda.InvokeAsync("{}", Cancellation);
        await environment.RuntimeNext;
        environment.Lambda.EndPlayedRuntime(1);
        var result = await invoke;
        await environment.Lambda.FlushTelemetryAsync(TimeSpan.FromSeconds(5));
        var fault = environment.Listener.Events.Single(item => item["type"]!.GetValue<string>() == "platform.fault");
        Assert.Equal($"RequestId: {result.RequestId}\tStatus: error\tErrorType: Runtime.ExitError\n", fault["record"]!.GetValue<string>());
    }

    [Fact]
    public async Task Tcp_EventsAreLines()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        await using var environment = await SubscribedAsync(_ => Body($"\"TCP\",\"port\":{((IPEndPoint)server.LocalEndpoint).Port}"));
        using var client = await server.AcceptTcpClientAsync(Cancellation);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        var first = JsonNode.Parse((await reader.ReadLineAsync(Cancellation))!)!;
        Assert.Equal("platform.logsSubscription", first["type"]!.GetValue<string>());
        Assert.Equal("platform.extension", JsonNode.Parse((await reader.ReadLineAsync(Cancellation))!)!["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task Subscribe_WrongBuffering_IsItsOwnValidationError()
    {
        await using var lambda = await Sandbox.OpenAsync(new SandboxOptions { PlayedExtensions = ["ext"] });
        _ = lambda.InitAsync(Cancellation);
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        await ext.RegisterAsync();
        (await ext.SubscribeToLogsAsync("""{"types":["platform"],"buffering":{"maxItems":1},"destination":{"protocol":"TCP","port":1}}""")).Is(
            HttpStatusCode.BadRequest, "Logs.ValidationError", "schema validation error: '/buffering/maxItems': must be >= 1000 but found 1");
    }

    [Fact]
    public async Task Subscribe_ToBothApis_IsRefused()
    {
        await using var lambda = await Sandbox.OpenAsync(new SandboxOptions { PlayedExtensions = ["ext"] });
        await using var listener = await Listener.StartAsync();
        _ = lambda.InitAsync(Cancellation);
        using var ext = new PlayedExtension(lambda.RuntimeApi, "ext", Cancellation);
        await ext.RegisterAsync();
        Assert.Equal(HttpStatusCode.OK, (await ext.SubscribeAsync(listener)).Status);
        (await ext.SubscribeToLogsAsync(Body($"\"HTTP\",\"URI\":\"{listener.Uri}\""))).Is(
            HttpStatusCode.BadRequest, "Logs.ValidationError", "ext is subscribed to the Telemetry API");
    }

    [Fact]
    public async Task Subscribe_AfterInitOrUnsupported_IsToldSo()
    {
        await using var environment = await PlayedEnvironment.StartAsync(new SandboxOptions(), Cancellation, subscribe: false);
        (await environment.Extension.SubscribeToLogsAsync("{}")).Is(HttpStatusCode.Forbidden, "Logs.SubscriptionClosed", "Logs API subscription is closed");

        await using var emulator = await PlayedEnvironment.StartAsync(
            new SandboxOptions { Faults = new SandboxFaults { RefuseTelemetry = true } }, Cancellation, subscribe: false);
        (await emulator.Extension.SubscribeToLogsAsync("{}")).Is(HttpStatusCode.Accepted, "Logs.NotSupported", "Logs API is not supported");
    }

    [Fact]
    public async Task Subscribe_OnManagedInstances_IsNotThere()
    {
        await using var environment = await PlayedEnvironment.StartAsync(
            new SandboxOptions { InitializationType = InitializationType.ManagedInstances }, Cancellation, subscribe: false);
        var answer = await environment.Extension.SubscribeToLogsAsync("{}");
        Assert.Equal((HttpStatusCode.NotFound, "404 page not found\n"), (answer.Status, answer.Body));
    }

    private static string Body(string destination) =>
        $"{{\"types\":[\"platform\"],\"buffering\":{{\"timeoutMs\":25}},\"destination\":{{\"protocol\":{destination}}}}}";

    /// <summary>An environment whose extension has subscribed to the Logs API.</summary>
    private static Task<PlayedEnvironment> SubscribedAsync(Func<Listener, string> body) =>
        PlayedEnvironment.StartAsync(new SandboxOptions { Freeze = FreezeMode.None }, (extension, listener) => extension.SubscribeToLogsAsync(body(listener)), Cancellation);
}
