using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests;

/// <summary>The binary is self-contained: it runs on the file system of any runtime's image, or on an empty one.</summary>
public sealed class EmptyRootTests : IDisposable
{
    private const string Name = "telemetry-extension";
    private static readonly string[] Files = ["dev/urandom", "etc/hosts", "etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt", Name];
    private readonly string _root = Directory.CreateTempSubdirectory("telemetry-extension-root-").FullName;

    [Fact]
    public void The_binary_is_statically_linked()
    {
        var binary = Unpack();
        var tags = ReadElf(binary);
        Assert.DoesNotContain(ElfTag.Interpreter, tags);
        Assert.DoesNotContain(ElfTag.NeededLibrary, tags);
    }

    [Fact]
    public async Task In_an_empty_root_it_registers_subscribes_and_exports()
    {
        Unpack();
        File.WriteAllText(Path.Combine(_root, "etc/hosts"), "127.0.0.1 localhost\n");
        File.WriteAllText(Path.Combine(_root, "etc/resolv.conf"), "");
        File.WriteAllText(Path.Combine(_root, "etc/ssl/certs/ca-certificates.crt"), "");
        File.WriteAllText(Path.Combine(_root, "dev/urandom"), "");
        Assert.Equal(Files, Directory.GetFiles(_root, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_root, file)).Order(StringComparer.Ordinal));
        await using var backend = await Watched.BackendAsync();
        await using var sandbox = await Sandbox.OpenAsync(new SandboxOptions { FunctionZip = Artifacts.FunctionZip, PlayedExtensions = [Name] });
        using var extension = StartInside(sandbox.RuntimeApi, backend.HttpUrl);
        try
        {
            var init = await sandbox.InitAsync(TestContext.Current.CancellationToken);
            Assert.True(init.Succeeded, $"{init}");
            var result = await sandbox.InvokeAsync("""{"order":{"id":"1"}}""", TestContext.Current.CancellationToken);
            Assert.True(result.Succeeded, $"{result}");
            await sandbox.ShutdownAsync(cancellation: TestContext.Current.CancellationToken);
            using var soon = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            soon.CancelAfter(TimeSpan.FromSeconds(5));
            var output = await extension.StandardOutput.ReadToEndAsync(soon.Token);
            await extension.WaitForExitAsync(soon.Token);
            Exits.OfThisTest.Saw(Receiver.Log, output);

            Assert.Equal(0, extension.ExitCode);
            var ledger = LedgerReading.Read(Assert.Single(output.TrimEnd().Split('\n'), line => !Outcome.IsStart(line)));
            Assert.Equal((backend.Spans.Count, backend.LogRecords.Count), ((int)ledger.Traces.Exported, (int)ledger.Logs.Exported));
            Assert.Contains(backend.Spans, received => received.Span.Text("faas.invocation_id") == result.RequestId);
            Assert.Equal(3, backend.LogRecords.Count);
            Assert.Empty(Outcome.BrokenRules(backend));
        }
        finally
        {
            if (!extension.HasExited)
                extension.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Only a mount of /dev/urandom and a chroot in its own namespaces: as root, or as the root of a new user namespace.</summary>
    private Process StartInside(string runtimeApi, string endpoint)
    {
        var script = $"mount --bind /dev/urandom '{_root}/dev/urandom' && exec chroot '{_root}' /{Name}";
        var rights = Environment.IsPrivilegedProcess ? "--mount" : "--map-root-user --mount";
        if (!Try(rights, $"mount --bind /dev/urandom '{_root}/dev/urandom' && command -v chroot", out var problem))
            Assert.Skip($"no namespaces for a process with an empty root here: {problem}");
        var start = new ProcessStartInfo("unshare", [.. rights.Split(' '), "/bin/sh", "-c", script]) { RedirectStandardOutput = true };
        start.Environment.Clear();
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
            ["AWS_LAMBDA_RUNTIME_API"] = runtimeApi,
            ["AWS_LAMBDA_FUNCTION_NAME"] = "orders",
            ["AWS_REGION"] = "eu-west-1",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
            ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
        })
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static bool Try(string rights, string script, out string problem)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("unshare", [.. rights.Split(' '), "/bin/sh", "-c", script])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            problem = process.StandardError.ReadToEnd().Trim();
            return process.WaitForExit(TimeSpan.FromSeconds(10)) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            problem = e.Message;
            return false;
        }
    }

    private string Unpack()
    {
        foreach (var folder in Files.Select(file => Path.GetDirectoryName(Path.Combine(_root, file))!))
            Directory.CreateDirectory(folder);
        using var zip = ZipFile.OpenRead(Artifacts.LayerZip);
        var path = Path.Combine(_root, Name);
        zip.GetEntry($"extensions/{Name}")!.ExtractToFile(path);
        Assert.True((File.GetUnixFileMode(path) & UnixFileMode.OtherExecute) != 0, "the zip's mode bits make it not executable");
        return path;
    }

    private enum ElfTag
    {
        /// <summary>PT_INTERP: the dynamic loader that the file needs.</summary>
        Interpreter,

        /// <summary>DT_NEEDED: a library that the file needs.</summary>
        NeededLibrary,
    }

    /// <summary>Reads a little-endian ELF64 file, https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html</summary>
    private static List<ElfTag> ReadElf(string path)
    {
        var tags = new List<ElfTag>();
        var file = (ReadOnlySpan<byte>)File.ReadAllBytes(path);
        Assert.True(file.StartsWith((byte[])[0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1]), "not a little-endian ELF64 file");
        var table = (int)BinaryPrimitives.ReadInt64LittleEndian(file[32..]);
        int entry = BinaryPrimitives.ReadInt16LittleEndian(file[54..]), count = BinaryPrimitives.ReadInt16LittleEndian(file[56..]);
        Assert.True(count > 0);
        for (var number = 0; number < count; number++)
        {
            var header = file.Slice(table + (number * entry), entry);
            var type = BinaryPrimitives.ReadInt32LittleEndian(header);
            if (type == 3)
                tags.Add(ElfTag.Interpreter);
            if (type != 2)
                continue;
            int offset = (int)BinaryPrimitives.ReadInt64LittleEndian(header[8..]), size = (int)BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
            for (var at = offset; at < offset + size; at += 16)
                if (BinaryPrimitives.ReadInt64LittleEndian(file[at..]) == 1)
                    tags.Add(ElfTag.NeededLibrary);
        }

        return tags;
    }
}
