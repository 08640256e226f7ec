using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Serving;

/// <summary>`lambda-sandbox serve` from the callers' side.</summary>
public sealed class ServeTests : IDisposable
{
    private readonly Packages packages = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => packages.Dispose();

    [Fact]
    public async Task RequestResponse_AnswersAsLambdaDoes()
    {
        await using var served = await ServeAsync();
        using var answer = await served.InvokeAsync("{\"order\":1}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("{\"order\": 1}", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("$LATEST", Header(answer, "X-Amz-Executed-Version"));
        Assert.Null(Header(answer, "X-Amz-Function-Error"));
        var invoked = await served.WaitAsync("invoked");
        Assert.Equal(Header(answer, "x-amzn-RequestId"), (string?)invoked["invocation"]!["requestId"]);
        Assert.Equal(0, await served.EndAsync());
        Assert.True((bool)(await served.WaitAsync("ended"))["shutdown"]!["drained"]!);
    }

    [Fact]
    public async Task FunctionErrors_AreUnhandledWithTheirReason()
    {
        await using var served = await ServeAsync();
        using var failed = await served.InvokeAsync("{\"do\":\"fail\"}");
        Assert.Equal((HttpStatusCode.OK, "Unhandled"), (failed.StatusCode, Header(failed, "X-Amz-Function-Error")));
        Assert.Equal("{\"errorMessage\": \"as asked\", \"errorType\": \"Oops\"}", await failed.Content.ReadAsStringAsync(Cancellation));

        using var crashed = await served.InvokeAsync("{\"do\":\"exit\"}");
        Assert.Equal("Unhandled", Header(crashed, "X-Amz-Function-Error"));
        var error = JsonNode.Parse(await crashed.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal("Runtime.ExitError", (string?)error["errorType"]);
        Assert.Equal($"RequestId: {Header(crashed, "x-amzn-RequestId")} Error: Runtime exited with error: exit status 3", (string?)error["errorMessage"]);
    }

    [Fact]
    public async Task LogTail_HoldsLambdasLinesAndTheFunctions()
    {
        await using var served = await ServeAsync();
        using var answer = await served.InvokeAsync("{\"do\":\"log\"}", ("X-Amz-Log-Type", "Tail"));
        var lines = Encoding.UTF8.GetString(Convert.FromBase64String(Header(answer, "X-Amz-Log-Result")!)).TrimEnd('\n').Split('\n');
        var id = Header(answer, "x-amzn-RequestId");
        Assert.Equal($"START RequestId: {id} Version: $LATEST", lines[0]);
        Assert.Contains("plain line", lines);
        Assert.Equal($"END RequestId: {id}", lines[^2]);
        Assert.StartsWith($"REPORT RequestId: {id}\tDuration: ", lines[^1], StringComparison.Ordinal);
        Assert.Contains("\tInit Duration: ", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientContext_ReachesTheRuntime_AndMustBeBase64()
    {
        await using var served = await ServeAsync();
        using var answer = await served.InvokeAsync(
            "{\"do\":\"headers\"}", ("X-Amz-Client-Context", Convert.ToBase64String("{\"a\":1}"u8)), ("X-Amz-Tenant-Id", "blue"), ("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793"));
        var headers = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal("{\"a\":1}", (string?)headers["Lambda-Runtime-Client-Context"]);
        Assert.Equal("blue", (string?)headers["Lambda-Runtime-Aws-Tenant-Id"]);
        Assert.Contains("Root=1-5759e988-bd862e3fe1be46a994272793", (string?)headers["Lambda-Runtime-Trace-Id"], StringComparison.Ordinal);

        using var refused = await served.InvokeAsync("{}", ("X-Amz-Client-Context", "###"));
        Assert.Equal((HttpStatusCode.BadRequest, "InvalidRequestContentException"), (refused.StatusCode, Header(refused, "x-amzn-ErrorType")));
    }

    [Theory]
    [InlineData("{", "RequestResponse", HttpStatusCode.BadRequest, "InvalidRequestContentException")]
    [InlineData("{}", "Sometimes", HttpStatusCode.BadRequest, "InvalidParameterValueException")]
    [InlineData("large", "RequestResponse", HttpStatusCode.RequestEntityTooLarge, "RequestTooLargeException")]
    [InlineData("large-event", "Event", HttpStatusCode.RequestEntityTooLarge, "RequestTooLargeException")]
    public async Task WrongRequests_AreRefusedAsByLambda(string payload, string type, HttpStatusCode status, string error)
    {
        await using var served = await ServeAsync();
        var body = payload switch
        {
            "large" => $"\"{new string('x', 6 * 1024 * 1024)}\"",
            "large-event" => $"\"{new string('x', 1024 * 1024)}\"",
            _ => payload,
        };
        using var answer = await served.InvokeAsync(body, ("X-Amz-Invocation-Type", type));
        Assert.Equal((status, error), (answer.StatusCode, Header(answer, "x-amzn-ErrorType")));
        Assert.NotNull(JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!["message"]);
    }

    [Fact]
    public async Task DryRunAndEvent_AnswerAtOnce_AndAFailedEventIsRetried()
    {
        await using var served = await ServeAsync("--event-retries", "1", "--event-retry-delay", "10ms");
        using var dry = await served.InvokeAsync("{}", ("X-Amz-Invocation-Type", "DryRun"));
        Assert.Equal(HttpStatusCode.NoContent, dry.StatusCode);
        using var accepted = await served.InvokeAsync("{\"do\":\"fail\"}", ("X-Amz-Invocation-Type", "Event"));
        Assert.Equal((HttpStatusCode.Accepted, ""), (accepted.StatusCode, await accepted.Content.ReadAsStringAsync(Cancellation)));
        await served.WaitAsync("note", item => ((string)item["text"]!).Contains("discarded after 2 attempts", StringComparison.Ordinal));
        var ids = served.Events.Where(item => (string)item["event"]! == "invoked").Select(item => (string?)item["invocation"]!["requestId"]).ToList();
        Assert.Equal(2, ids.Count);
        Assert.Equal(Header(accepted, "x-amzn-RequestId"), Assert.Single(ids.Distinct()));
    }

    [Fact]
    public async Task Overlapping_StartMoreEnvironments_UpToTheLimit_ThenThrottle()
    {
        await using var served = await ServeAsync("--concurrency", "2");
        var first = served.InvokeAsync("{\"do\":\"wait\",\"seconds\":3}");
        var second = served.InvokeAsync("{\"do\":\"wait\",\"seconds\":3}");
        await served.WaitAsync("starting", item => (int)item["environment"]! == 2);
        using var third = await served.InvokeAsync("{}");
        Assert.Equal((HttpStatusCode.TooManyRequests, "TooManyRequestsException"), (third.StatusCode, Header(third, "x-amzn-ErrorType")));
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await second).StatusCode);
    }

    [Fact]
    public async Task Idle_EnvironmentIsShutDown_AndTheNextStartsCold()
    {
        await using var served = await ServeAsync("--idle", "300ms");
        await served.InvokeAsync("{}");
        Assert.True((bool)(await served.WaitAsync("ended"))["shutdown"]!["drained"]!);
        await served.InvokeAsync("{}");
        await served.WaitAsync("started", item => (int)item["environment"]! == 2);
    }

    [Fact]
    public async Task Watch_RebuiltFunction_ReplacesTheEnvironmentAfterItsShutdown()
    {
        var folder = Directory.CreateTempSubdirectory("sandbox-watch-").FullName;
        try
        {
            System.IO.Compression.ZipFile.ExtractToDirectory(packages.Function, folder);
            var bootstrap = Path.Combine(folder, "bootstrap");
            await using var served = await ServedSandbox.StartAsync(["--function", folder, "--watch", "--layer", packages.Layer, .. Common]);
            Assert.Equal("{\"a\": 1}", await (await served.InvokeAsync("{\"a\":1}")).Content.ReadAsStringAsync(Cancellation));
            var text = await File.ReadAllTextAsync(bootstrap, Cancellation);
            await File.WriteAllTextAsync(bootstrap, text.Replace("event = json.loads(body)", "event = {**json.loads(body), \"new\": True}", StringComparison.Ordinal), Cancellation);
            var ended = await served.WaitAsync("ended");
            Assert.Equal("spindown", (string?)ended["shutdown"]!["reason"]);
            Assert.Equal("{\"a\": 1, \"new\": true}", await (await served.InvokeAsync("{\"a\":1}")).Content.ReadAsStringAsync(Cancellation));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task OnlyApis_TheCallersOwnRuntimeServes()
    {
        await using var served = await ServedSandbox.StartAsync("--only-apis", "--runtime-api-port", "0");
        var starting = await served.WaitAsync("starting");
        using var runtime = new PlayedRuntime((string)starting["runtimeApi"]!, Cancellation);
        var next = runtime.NextAsync();
        var invoked = served.InvokeAsync("{\"from\":\"debugger\"}");
        var pending = await runtime.ServeAsync(next);
        using var answer = await invoked;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, await served.EndAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => pending);
    }

    [Fact]
    public async Task StreamedResponse_ReachesAUrlsCallerWhileTheFunctionWorks()
    {
        await using var served = await ServeAsync();
        using var answer = await served.Http.GetAsync(new Uri(served.Url, "/url/?do=stream"), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal((HttpStatusCode.Created, "python"), (answer.StatusCode, Header(answer, "x-from")));
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancellation);
        var buffer = new byte[16];
        var count = await stream.ReadAsync(buffer, Cancellation);
        Assert.Equal("one,", Encoding.ASCII.GetString(buffer, 0, count));
        Assert.DoesNotContain(served.Events, item => (string)item["event"]! == "invoked");
        using var reader = new StreamReader(stream);
        Assert.Equal("two", await reader.ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task Url_RequestIsAnEventOfFormat2_AndTheAnswerItsResponse()
    {
        await using var served = await ServeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(served.Url, "/url/a%20b/c?x=1&x=2&do=http"));
        request.Content = new ByteArrayContent([0, 1, 2]);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.TryAddWithoutValidation("Cookie", "a=b; c=d");
        using var answer = await served.Http.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal(["one=1", "two=2"], answer.Headers.GetValues("Set-Cookie"));
        var item = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal(("2.0", "/a b/c", "x=1&x=2&do=http"), ((string)item["version"]!, (string)item["rawPath"]!, (string)item["rawQueryString"]!));
        Assert.Equal("1,2", (string?)item["queryStringParameters"]!["x"]);
        Assert.Equal(["a=b", "c=d"], item["cookies"]!.AsArray().Select(each => (string)each!));
        Assert.Equal(("AAEC", true), ((string)item["body"]!, (bool)item["isBase64Encoded"]!));
        Assert.Equal("POST", (string?)item["requestContext"]!["http"]!["method"]);
        Assert.EndsWith(".lambda-url.eu-west-1.on.aws", (string)item["requestContext"]!["domainName"]!, StringComparison.Ordinal);
        Assert.StartsWith("Root=1-", (string)item["headers"]!["x-amzn-trace-id"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/url/?do=fail", HttpStatusCode.BadGateway, "Internal Server Error")]
    [InlineData("/http-api/?do=fail", HttpStatusCode.InternalServerError, "{\"message\":\"Internal Server Error\"}")]
    public async Task Url_FunctionError_IsHidden(string path, HttpStatusCode status, string body)
    {
        await using var served = await ServeAsync();
        using var answer = await served.Http.GetAsync(new Uri(served.Url, path), Cancellation);
        Assert.Equal((status, body), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation)));
    }

    [Fact]
    public async Task View_WithoutADashboard_SaysWhy_AndServes()
    {
        await using var served = await ServedSandbox.StartAsync(
            new Dictionary<string, string> { ["LAMBDA_SANDBOX_DASHBOARD"] = "/nowhere" }, ["--view", "--function", packages.Function, .. Common]);
        var note = await served.WaitAsync("note", item => ((string)item["text"]!).StartsWith("no page: ", StringComparison.Ordinal));
        Assert.Contains("/nowhere does not exist", (string)note["text"]!, StringComparison.Ordinal);
        using var answer = await served.InvokeAsync("{\"do\":\"otlp\"}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        // The received telemetry and the environment's life are available anyway.
        var telemetry = "";
        for (var i = 0; i < 100 && !telemetry.Contains("\"invoke\"", StringComparison.Ordinal); i++)
        {
            await Task.Delay(50, Cancellation);
            telemetry = (await SandboxProgram.RunAsync("export", "--url", served.Url.ToString())).Output;
        }

        Assert.Contains("from python", telemetry, StringComparison.Ordinal);
        Assert.Contains("\"invoke\"", telemetry, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT", 0)]
    [InlineData("TERM", 0)]
    [InlineData("KILL", 137)]
    public async Task Ended_LeavesNothing(string signal, int exitCode)
    {
        await using var served = await ServeAsync("--private-mounts", "off", "--freeze", Environment.IsPrivilegedProcess && Directory.Exists("/sys/fs/cgroup/freezer") ? "cgroup" : "signals");
        using var answer = await served.InvokeAsync("{\"do\":\"child\"}");
        var child = (int)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!["pid"]!;
        var task = (string)served.Events.First(item => item["text"] is { } text && ((string)text!).StartsWith("started with", StringComparison.Ordinal))["text"]!;
        var root = task[task.IndexOf('/', StringComparison.Ordinal)..task.IndexOf("/var/task", StringComparison.Ordinal)];
        Assert.True(Directory.Exists(root));
        var groups = Groups().Where(group => File.ReadAllText(Path.Combine(group, "cgroup.procs")).Split('\n').Contains($"{child}")).ToList();

        Assert.Equal(exitCode, await served.EndAsync(signal));
        for (var i = 0; i < 500 && (LambdaSandbox.Processes.ProcFs.State(child) is not (null or 'Z') || Directory.Exists(root) || Groups().Intersect(groups).Any()); i++)
            await Task.Delay(10, Cancellation);
        Assert.True(LambdaSandbox.Processes.ProcFs.State(child) is null or 'Z');
        Assert.False(Directory.Exists(root));
        Assert.Empty(SandboxProgram.ProcessesNaming(root));
        Assert.Empty(Groups().Intersect(groups).ToList());
    }

    private static string[] Groups() =>
        Directory.Exists("/sys/fs/cgroup/freezer") ? Directory.GetDirectories("/sys/fs/cgroup/freezer", "lambda-sandbox-*") : [];

    private static string[] Common => ["--timeout", "20s", "--env", $"PATH={Packages.Path["PATH"]}"];

    private Task<ServedSandbox> ServeAsync(params string[] arguments) =>
        ServedSandbox.StartAsync(["--layer", packages.Layer, "--function", packages.Function, .. Common, .. arguments]);

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.First() : null;
}
