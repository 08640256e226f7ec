using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Network;
using EndToEnd.Tests.Tools;
using EndToEnd.Tests.Trouble;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Lifecycle;

/// <summary>The command <c>check</c> of the published binary, as somebody runs it on a laptop with the function's environment.</summary>
public sealed class CheckTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Good_settings_and_a_backend_that_works_give_0()
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        await using var backend = await Watched.BackendAsync(new() { Certificate = certificate });
        var key = Canary.New("key", Home.HeaderTo(backend.HttpUrl, "authorization"));
        var result = await RunAsync(["--connect", "--json"], new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl,
            ["OTEL_EXPORTER_OTLP_HEADERS"] = $"authorization=Bearer%20{key}",
            ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = certificates.File,
        });

        Assert.True(result.ExitCode == 0, result.All);
        var steps = JsonNode.Parse(result.Output)!["connections"]![0]!["steps"]!.AsArray();
        Assert.Equal(["dns", "tcp", "tls", "traces", "metrics", "logs"], steps.Select(step => (string?)step!["name"]));
        Assert.Contains("CN=collector", (string?)steps[2]!["detail"], StringComparison.Ordinal);
        Assert.Equal(3, backend.Requests.Count);
        Assert.All(backend.Requests, request => Assert.Equal("Bearer " + key, request.Headers["authorization"]));
    }

    [Fact]
    public async Task A_server_that_is_not_trusted_gives_3_and_its_names()
    {
        using var certificates = new Certificates();
        using var others = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        await using var backend = await Watched.BackendAsync(new() { Certificate = certificate });
        var result = await RunAsync(["--connect"], new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl, ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = others.File });

        Assert.True(result.ExitCode == 3, result.All);
        Assert.Matches("tls +FAILED .*CN=collector", result.Output);
        Assert.Contains("PartialChain", result.Output, StringComparison.Ordinal);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Through_a_proxy_the_export_shows_whether_it_works()
    {
        await using var backend = await Watched.BackendAsync();
        await using var proxy = new ForwardProxy(backend.HttpUrl, "user:pass-word");
        Dictionary<string, string> Environment(string password) => new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://otlp.backend.test:4318",
            ["HTTP_PROXY"] = $"http://user:{password}@127.0.0.1:{proxy.Port}",
        };
        var good = await RunAsync(["--connect"], Environment("pass-word"));
        var bad = await RunAsync(["--connect"], Environment("wrong-word"));

        Assert.True(good.ExitCode == 0, good.All);
        Assert.Matches("proxy +ok", good.Output);
        Assert.True(bad.ExitCode == 3, bad.All);
        Assert.Contains("407", bad.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("-word", good.All + bad.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_settings_give_1_and_each_is_named()
    {
        var result = await RunAsync([], new() { ["TELEMETRY_EXTENSION_FLUSH_INTERVAL"] = "soon", ["TELEMETRY_EXTENSION_METRICS"] = "perhaps", ["TELEMETRY_EXTENSION_BUFER_ITEMS"] = "1" });

        Assert.True(result.ExitCode == 1, result.All);
        Assert.All(["FLUSH_INTERVAL='soon'", "METRICS='perhaps'", "did you mean TELEMETRY_EXTENSION_BUFFER_ITEMS?"], (string said) => Assert.Contains(said, result.Output, StringComparison.Ordinal));
    }

    private static async Task<ToolResult> RunAsync(string[] arguments, Dictionary<string, string> environment)
    {
        var folder = Directory.CreateTempSubdirectory("check-test-");
        try
        {
            await ZipFile.ExtractToDirectoryAsync(Artifacts.LayerZip, folder.FullName, Cancelled);
            var program = Path.Combine(folder.FullName, "extensions", "telemetry-extension");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            return await Tool.RunAsync(program, ["check", .. arguments], environment: environment);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
