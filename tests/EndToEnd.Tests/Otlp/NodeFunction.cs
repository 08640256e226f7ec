using EndToEnd.Tests.Tools;
using LambdaSandbox;

namespace EndToEnd.Tests.Otlp;

/// <summary>The function in node-function/, installed by `make node-function`. Tests that need it are skipped without it.</summary>
internal static class NodeFunction
{
    /// <summary>A timeout for starting Node and loading the SDK, which takes most of a second, or a few on a busy machine.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>With the packages of npm. Skips the test where they are missing.</summary>
    public static string Folder
    {
        get
        {
            var folder = Path.Combine(Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") ?? Repository.Path("artifacts"), "node-function");
            if (!File.Exists(Path.Combine(folder, "installed.stamp")))
                Assert.Skip($"the OpenTelemetry JS SDK is not installed in {folder}: run make node-function");
            return folder;
        }
    }

    public static Task<LambdaUnderTest> StartAsync(
        Func<SandboxOptions, SandboxOptions>? change = null, params IReadOnlyList<(string Name, string? Value)> environment) =>
        StartAsync("index.mjs", change, environment);

    /// <summary>Behind the SDK's own instrumentation of Lambda, which makes a SERVER span of each invocation, and behind the wrapper.</summary>
    public static Task<LambdaUnderTest> StartInstrumentedAsync(
        Func<SandboxOptions, SandboxOptions>? change = null, params IReadOnlyList<(string Name, string? Value)> environment) =>
        StartAsync(
            "lambda.mjs", change,
            [("AWS_LAMBDA_EXEC_WRAPPER", "/opt/telemetry-wrapper"), ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", FreePort.Find()), .. environment]);

    private static async Task<LambdaUnderTest> StartAsync(
        string program, Func<SandboxOptions, SandboxOptions>? change, IReadOnlyList<(string Name, string? Value)> environment)
    {
        var node = Tool.Require("node");
        var folder = Folder;
        return await LambdaUnderTest.StartAsync(
            options =>
            {
                options = options with
                {
                    FunctionZip = null,
                    FunctionDirectory = folder,
                    Command = [node, Path.Combine(folder, program)],
                    Timeout = Timeout,
                    InitTimeout = Timeout,
                };
                return change?.Invoke(options) ?? options;
            },
            environment);
    }
}
