using System.Buffers.Text;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EndToEnd.Tests.Aws;
using EndToEnd.Tests.CloudWatch;
using EndToEnd.Tests.Network;
using EndToEnd.Tests.Otlp;
using EndToEnd.Tests.Tools;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Harness;

/// <summary>The canary finds a secret that a test plants in each place where bytes can leave the extension.</summary>
[Collection(CloudWatchCollection.Name)]
public sealed partial class CanaryTests(LocalCloudWatch moto)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void Check_EveryTestOfTheAssembly_Runs() => Assert.Single(typeof(CanaryTests).Assembly.GetCustomAttributes<CanaryCheckAttribute>());

    /// <summary>A new server, process or sandbox in a test reports to the canary, or stands here with the reason why it need not.</summary>
    [Fact]
    public void Receiver_InAnyFile_ReportsToTheCanary()
    {
        Dictionary<string, string> needNot = new()
        {
            ["Aws/Botocore.cs"] = "signs for the test",
            ["Demo/DemoFunctionTests.cs"] = "runs the demo function without the extension",
            ["Demo/RuntimeApiStub.cs"] = "serves the demo function without the extension",
            ["Harness/FreePort.cs"] = "accepts nothing",
            ["Harness/LoopbackServer.cs"] = "is created by servers that report",
            ["Harness/WarmUp.cs"] = "gets what the test sends",
            ["Lifecycle/FailOpenTests.cs"] = "takes a port and accepts nothing",
            ["Local/Browser.cs"] = "shows the page of a sandbox whose events are watched",
            ["Otlp/DotNetSdkTests.cs"] = "has a backend that gets what the function sends",
            ["Otlp/NodeSdkTests.cs"] = "has a backend that gets what the function sends",
            ["Otlp/PortTests.cs"] = "takes a port and accepts nothing",
            ["TelemetryApiTests.cs"] = "takes a port and accepts nothing",
            ["Tools/Tool.cs"] = "is shared with other tests; CanaryCheckAttribute watches it, as Tool_OutputWithASecret_IsFound shows",
            ["Trouble/Tmpfs.cs"] = "mounts a disk",
        };
        var folder = Repository.Path("tests", "EndToEnd.Tests");
        var silent = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(folder, file), Text: File.ReadAllText(file)))
            .Where(static file => !file.Name.StartsWith("obj/", StringComparison.Ordinal) && !file.Name.StartsWith("bin/", StringComparison.Ordinal))
            .Where(static file => Opens().IsMatch(file.Text) && !Reports().IsMatch(file.Text))
            .Select(static file => file.Name);

        Assert.Equal(needNot.Keys.Order(StringComparer.Ordinal), silent.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("as it is")]
    [InlineData("JSON")]
    [InlineData("JSON with \\/")]
    [InlineData("URL")]
    [InlineData("base64 of user:secret")]
    [InlineData("base64 of xuser:secret")]
    [InlineData("base64url of xyuser:secret")]
    [InlineData("gzip")]
    [InlineData("half a gzip stream")]
    public void Secret_InAnyForm_IsFound(string form)
    {
        // With characters that every encoding changes.
        var secret = Canary.New("f?rm/+\"ß\"") + "?>ÿ";
        Canary.Hide(secret);
        Exits.OfThisTest.Saw(new(Receiver.Log, "line", Written(form, secret)));
        CheckFound((secret, "in a line to the log"));
    }

    [Fact]
    public void Line_OfTheLogOrADeadLetter_IsRead()
    {
        var (said, letter) = (Canary.New("said"), Canary.New("letter"));
        Exits.OfThisTest.Watch(Receiver.Log, () => ["[telemetry-extension] " + said, DeadLetter(letter)]);
        CheckFound((said, "in a line to the log"), (letter, "in a dead letter to the log"));
    }

    [Theory]
    [InlineData("body")]
    [InlineData("compressed body")]
    [InlineData("path")]
    [InlineData("query")]
    [InlineData("header x-other")]
    public async Task Backend_RequestWithTheSecretOfAnother_IsFound(string place)
    {
        await using var first = await Watched.BackendAsync();
        Exits.OfThisTest.AddFirst(first.HttpUrl);
        await using var second = await Watched.BackendAsync();
        var secret = Canary.New("other");
        await SendAsync(first, "header x-own", secret);
        Assert.Empty(Exits.OfThisTest.Problems());
        await SendAsync(second, place, secret);
        CheckFound((secret, $"in a {place.Replace("compressed ", "", StringComparison.Ordinal)} to the backend {second.HttpUrl}"));
    }

    /// <summary>The secret key belongs nowhere, the session token only into its header and only to AWS.</summary>
    [Fact]
    public async Task Credentials_OfTheSandbox_AreFoundWhereTheyDoNotBelong()
    {
        await using var aws = await AwsEmulator.StartAsync("http://127.0.0.1:9");
        await using var backend = await Watched.BackendAsync();
        await PostAsync(aws.Url, "{}", ("X-Amz-Security-Token", "sandbox-session-token"));
        await PostAsync(aws.Url, "{}", ("Authorization", AwsEmulator.SecretKey), ("X-Other", "sandbox-session-token"));
        await PostAsync(backend.HttpUrl, "{}", ("X-Amz-Security-Token", "sandbox-session-token"));

        Assert.Equal(
            [
                $"the secret sandbox-session-token is in a header x-amz-security-token to the backend {backend.HttpUrl}",
                $"the secret sandbox-session-token is in a header x-other to AWS {aws.Url}",
                $"the secret {AwsEmulator.SecretKey} is in a header authorization to AWS {aws.Url}",
            ],
            Exits.OfThisTest.Problems().Order(StringComparer.Ordinal));
        Exits.OfThisTest.Forgive();
    }

    [Fact]
    public async Task FakeCloudWatch_EventWithASecret_IsFound()
    {
        await using var fake = await FakeCloudWatch.StartAsync(null);
        var secret = Canary.New("said");
        await PostAsync(fake.Url, Events(JsonSerializer.Serialize(new { body = secret })));
        CheckFound((secret, $"in a body to AWS {fake.Url}"));
    }

    [Fact]
    public async Task Moto_EventOrDeadLetterWithASecret_IsFound()
    {
        var (said, letter, header) = (Canary.New("said"), Canary.New("letter"), Canary.New("header"));
        await PostAsync(moto.Url.ToString(), Events(said, DeadLetter(letter)), ("x-api-key", header));
        CheckFound((said, $"in a body to AWS {moto.Url}"), (letter, $"in a dead letter to AWS {moto.Url}"), (header, $"in a header x-api-key to AWS {moto.Url}"));
    }

    [Fact]
    public async Task Proxy_TunnelWithTheSecretOfADestination_IsFound()
    {
        await using var backend = await Watched.BackendAsync();
        await using var proxy = new ForwardProxy(backend.HttpUrl);
        var secret = Canary.New("tunnel");
        using var socket = new System.Net.Sockets.TcpClient("127.0.0.1", proxy.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"CONNECT x.test:443 HTTP/1.1\r\nauthorization: {secret}\r\n\r\n"), Cancelled);
        Assert.True(await socket.GetStream().ReadAsync(new byte[100], Cancelled) > 0);
        CheckFound((secret, "in a header authorization to the proxy"));
    }

    [Fact]
    public async Task Tool_OutputWithASecret_IsFound()
    {
        var (printed, error) = (Canary.New("printed"), Canary.New("error"));
        await Tool.RunAsync("/bin/sh", ["-c", $"echo {printed}; echo {error} >&2"]);
        CheckFound((printed, "in a line to the output of /bin/sh"), (error, "in a line to the output of /bin/sh"));
    }

    [Fact]
    public void Spool_FileWithASecret_IsFound()
    {
        using var folder = new TemporaryFolder();
        var secret = Canary.New("spooled");
        File.WriteAllBytes(folder.File("1.otlp"), [0, 1, 2, .. Payloads.Gzip(Encoding.UTF8.GetBytes(secret))]);
        Exits.OfThisTest.SawFolder(folder.Path);
        CheckFound((secret, "in a file to the spool"));
    }

    [Fact]
    public async Task BareLambda_CrashOutputAndCallsWithASecret_AreFound()
    {
        await using var lambda = await BareLambda.CreateAsync();
        var (crash, call) = (Canary.New("crash"), Canary.New("call"));
        lambda.Environment["CRASH"] = crash;
        lambda.Environment["CALL"] = call;
        lambda.Start(["/bin/bash", "-c", """
            echo "$CRASH" >&2
            exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"
            printf 'GET /register HTTP/1.1\r\nx: %s\r\n\r\n' "$CALL" >&3
            head -c 1 <&3 >/dev/null
            """]);
        await lambda.ExitAsync(TimeSpan.FromSeconds(10));
        CheckFound((crash, "in a line to the log"), (call, "in a line to Lambda's API"));
    }

    /// <summary>The whole way with the published binary: the function prints the key, which the extension rightly ships as a log record.</summary>
    [Fact]
    public async Task Lambda_FunctionThatPrintsTheDefaultKey_IsFound()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        await lambda.Backend.WaitForAsync(static backend => backend.Requests.Count > 0, TimeSpan.FromSeconds(10), Cancelled);
        var key = lambda.Backend.Requests[0].Headers["x-default-key"];
        await lambda.InvokeAsync(JsonSerializer.Serialize(new { order = new { id = "1" }, stderr = key }));
        await lambda.EndAsync();
        CheckFound((key, $"in a body to the backend {lambda.Backend.HttpUrl}"));
    }

    private static void CheckFound(params IReadOnlyList<(string Secret, string Where)> planted)
    {
        var problems = Exits.OfThisTest.Problems();
        Assert.All(planted, one => Assert.Contains($"the secret {one.Secret} is {one.Where}", problems));
        // It must not fail for what it planted.
        Exits.OfThisTest.Forgive();
    }

    private static string Events(params string[] messages) => JsonSerializer.Serialize(new { logEvents = messages.Select(message => new { message }) });

    [GeneratedRegex(@"OtlpBackend\.StartAsync\(|ServedSandbox\.StartAsync\(|\bSandbox\.(Start|Open)Async\(|SandboxProgram\.RunAsync\(|WebApplication\.Create|LoopbackServer\.Create|TcpListener\b|HttpListener\(|Process\.Start\(")]
    private static partial Regex Opens();

    [GeneratedRegex(@"Exits\.OfThisTest|Watched\.|AwsRequest\.Watch")]
    private static partial Regex Reports();

    private static byte[] Written(string form, string secret) => form switch
    {
        "JSON" => JsonSerializer.SerializeToUtf8Bytes(secret),
        "JSON with \\/" => Encoding.UTF8.GetBytes(secret.Replace("/", "\\/", StringComparison.Ordinal)),
        "URL" => Encoding.UTF8.GetBytes("?key=" + Uri.EscapeDataString(secret)),
        "base64 of user:secret" => Encoding.UTF8.GetBytes("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + secret))),
        "base64 of xuser:secret" => Encoding.UTF8.GetBytes("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("xuser:" + secret))),
        "base64url of xyuser:secret" => Encoding.UTF8.GetBytes(Base64Url.EncodeToString(Encoding.UTF8.GetBytes("xyuser:" + secret))),
        "gzip" => [1, 2, 3, .. Payloads.Gzip(Encoding.UTF8.GetBytes(secret))],
        "half a gzip stream" => Payloads.Gzip([.. Encoding.UTF8.GetBytes(secret), .. Enumerable.Range(0, 100_000).Select(static number => (byte)(number * number % 251))])[..^50],
        _ => Encoding.UTF8.GetBytes(secret),
    };

    /// <summary>As the extension writes it, with something that is no OTLP.</summary>
    private static string DeadLetter(string content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(content));
        return $"otlp-dead-letter/1 id=1 signal=logs records=1 created=1 size=1 sum=0 part=1/1 check=0 data={Base64Url.EncodeToString(packed.ToArray())} reason=refused";
    }

    private static Task SendAsync(OtlpBackend backend, string place, string secret)
    {
        var body = Payloads.Of(OtlpSignal.Logs, place.EndsWith("body", StringComparison.Ordinal) ? secret : "nothing");
        var target = place == "path" ? "/v1/" + secret : place == "query" ? "/v1/logs?key=" + secret : "/v1/logs";
        return PostAsync(backend.HttpUrl + target, place == "compressed body" ? Payloads.Gzip(body) : body, place.StartsWith("header ", StringComparison.Ordinal) ? [(place[7..], "Bearer " + secret)] : []);
    }

    private static Task PostAsync(string url, string body, params (string Name, string Value)[] headers) => PostAsync(url, Encoding.UTF8.GetBytes(body), headers);

    private static async Task PostAsync(string url, byte[] body, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/x-protobuf");
        if (body is [0x1F, 0x8B, ..])
            request.Content.Headers.ContentEncoding.Add("gzip");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var _ = await http.SendAsync(request, Cancelled);
    }
}
