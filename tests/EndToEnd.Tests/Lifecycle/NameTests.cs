using EndToEnd.Tests.Tools;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Lifecycle;

/// <summary>Lambda identifies an extension by the name of its file. Under any other name init fails, and the function with it.</summary>
public sealed class NameTests
{
    private const string Order = """{"order":{"id":"1"}}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("00-otel", "cp \"$0\" 00-otel")]
    [InlineData("otel extension", "cp \"$0\" 'otel extension'")]
    [InlineData("télémétrie", "cp \"$0\" télémétrie")]
    [InlineData("link", "ln -s ../bin/telemetry-extension link")]
    [InlineData("otel.sh", "printf '#!/bin/sh\\nexec '\"$0\"'\\n' > otel.sh")]
    [InlineData("runs.sh", "printf '#!/bin/sh\\n'\"$0\"'\\nexit $?\\n' > runs.sh")]
    public async Task The_function_works_whatever_the_file_is_called(string name, string make)
    {
        using var layer = await LayerAsync(make);
        await using var backend = await Watched.BackendAsync();
        var lines = new List<(string Source, string Line)>();
        await using var sandbox = await StartAsync(layer, backend, lines);

        Assert.True(sandbox.Init!.Succeeded, $"{sandbox.Init}\n{string.Join('\n', lines)}");
        var result = await sandbox.InvokeAsync(Order, Cancellation);
        var shutdown = await sandbox.ShutdownAsync(cancellation: Cancellation);

        Assert.True(result.Succeeded, $"{result}");
        Assert.Equal([(name, 0)], shutdown.Extensions.Select(extension => (extension.Name, extension.ExitCode ?? -1)));
        Assert.Contains(backend.Spans, received => received.Span.Text("faas.invocation_id") == result.RequestId);
        Assert.Empty(Outcome.BrokenRules(backend));
    }

    /// <summary>Two layers contain it, or one contains it under two names. Ports and the spool folder exist only once.</summary>
    [Theory]
    [InlineData("cp \"$0\" telemetry-extension; cp \"$0\" telemetry-extension-2")]
    [InlineData("printf '#!/bin/sh\\nexec '\"$0\"'\\n' > one; printf '#!/bin/sh\\nexec '\"$0\"'\\n' > two")]
    public async Task Two_copies_work_beside_each_other(string make)
    {
        using var layer = await LayerAsync(make);
        await using var backend = await Watched.BackendAsync();
        var lines = new List<(string Source, string Line)>();
        // The memory is so small that both use their files.
        await using var sandbox = await StartAsync(
            layer, backend, lines, ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"), ("TELEMETRY_EXTENSION_TELEMETRY_PORT", FreePort.Find()),
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", FreePort.Find()), ("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", FreePort.Find()));
        Assert.True(sandbox.Init!.Succeeded, $"{sandbox.Init}\n{string.Join('\n', lines)}");

        await backend.PauseAsync(Cancellation);
        for (var i = 0; i < 4; i++)
            Assert.True((await sandbox.InvokeAsync("""{"order":{"id":"1"},"logLines":200,"logBytes":500}""", Cancellation)).Succeeded);
        await backend.ResumeAsync(Cancellation);
        var last = await sandbox.InvokeAsync(Order, Cancellation);
        var shutdown = await sandbox.ShutdownAsync(cancellation: Cancellation);

        Assert.True(last.Succeeded, $"{last}");
        Assert.Equal([0, 0], shutdown.Extensions.Select(extension => extension.ExitCode ?? -1));
        var ledgers = lines.Where(line => line.Line.StartsWith(LedgerReading.Prefix, StringComparison.Ordinal)).ToList();
        Assert.Equal(2, ledgers.Select(line => line.Source).Distinct().Count());
        Assert.All(ledgers, line =>
        {
            var logs = LedgerReading.Read(line.Line).Logs;
            Assert.InRange(logs.Exported, 800, int.MaxValue);
            Assert.Equal(logs.Received, logs.Exported);
        });
        // Each gets its own copy of the platform's telemetry, but only one of them has the ports for the function.
        Assert.Equal(2, backend.Spans.Count(received => received.Span.Text("faas.invocation_id") == last.RequestId));
        Assert.DoesNotContain(lines, line => line.Line.Contains("cannot use", StringComparison.Ordinal));
    }

    /// <summary>A layer's folder with the binary in opt/bin and the script's result in opt/extensions.</summary>
    private static async Task<TemporaryFolder> LayerAsync(string make)
    {
        var folder = new TemporaryFolder();
        System.IO.Compression.ZipFile.ExtractToDirectory(Artifacts.LayerZip, folder.File("zip"));
        var (binary, extensions) = (folder.File("opt/bin/telemetry-extension"), folder.File("opt/extensions"));
        Directory.CreateDirectory(Path.GetDirectoryName(binary)!);
        Directory.CreateDirectory(extensions);
        File.Move(folder.File("zip/extensions/telemetry-extension"), binary);
        var made = await Tool.RunAsync("/bin/sh", ["-c", $"chmod 755 \"$0\"; {make}; chmod 755 *", binary], extensions);
        Assert.True(made.ExitCode == 0, made.All);
        return folder;
    }

    private static Task<Sandbox> StartAsync(
        TemporaryFolder layer, OtlpBackend backend, List<(string Source, string Line)> lines, params IReadOnlyList<(string Name, string Value)> environment)
    {
        var variables = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl,
            ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
            ["TELEMETRY_EXTENSION_SPOOL_DIRECTORY"] = layer.File("spool"),
        };
        foreach (var (name, value) in environment)
            variables[name] = value;
        DefaultKeys.AddTo(variables, backend);
        Exits.OfThisTest.Watch(Receiver.Log, () => [.. lines.Select(static line => line.Line)]);
        return Sandbox.StartAsync(
            new SandboxOptions
            {
                LayerDirectory = layer.File("opt"),
                FunctionZip = Artifacts.FunctionZip,
                Environment = variables,
                Timeout = TimeSpan.FromSeconds(10),
                OnLine = (source, line) =>
                {
                    lock (lines)
                        lines.Add((source, line));
                },
            },
            Cancellation);
    }
}
