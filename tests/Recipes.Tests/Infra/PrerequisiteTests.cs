using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>The message of a build on a machine that lacks something: one line with the command that helps.</summary>
public sealed class PrerequisiteTests : IDisposable
{
    private const string Triplet = "aarch64-linux-gnu";
    private readonly TemporaryFolder folder = new();

    public PrerequisiteTests()
    {
        if (System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("this machine is arm64: the other tests run the arm64 layer natively");
        Directory.CreateDirectory(folder.File("layer"));
        Directory.CreateDirectory(folder.File("infra/dev"));
        Directory.CreateDirectory(folder.File("bin"));
        foreach (var script in (string[])["layer/sysroot.sh", "layer/toolchain.sh", "infra/dev/unpack-package.sh"])
            File.Copy(Repository.Path(script), folder.File(script));
        foreach (var tool in (string[])["sh", "dirname", "uname", "tr", "rm", "mkdir", "touch", "cat", "grep", "tail", "cp"])
            File.CreateSymbolicLink(folder.File("bin/" + tool), Tool.Require(tool));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Sysroot_NoCrossCompiler_SaysHowToInstallIt()
    {
        var line = await FailAsync();

        Assert.Contains($"the cross compiler {Triplet}-gcc is missing", line, StringComparison.Ordinal);
        Assert.Contains("apt-get install -y gcc-aarch64-linux-gnu libc6-dev-arm64-cross", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sysroot_CompilerWithoutStaticLibrary_SaysHowToInstallIt()
    {
        AddCompiler("libc.a");

        Assert.Contains($"the static C library for {Triplet} is missing", await FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sysroot_NoPackages_SaysWhyAndHowToTryAgain()
    {
        AddCompiler(folder.File("libc.a"));
        Script("infra/dev/unpack-package.sh", "echo 'E: no such source' >&2; exit 1");

        var line = await FailAsync();

        Assert.Contains("libssl-dev:arm64 cannot be downloaded (E: no such source)", line, StringComparison.Ordinal);
        Assert.Contains("make layer ARCHITECTURE=arm64", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sysroot_MachineWithoutApt_SaysSo()
    {
        AddCompiler(folder.File("libc.a"));

        Assert.Contains("this machine has no apt", await FailAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lib/aarch64-linux-gnu/libssl.a")]
    [InlineData("include/openssl/ssl.h")]
    public async Task Sysroot_HalfThere_IsMadeAnew(string present)
    {
        AddCompiler(folder.File("libc.a"));
        var root = folder.File($"artifacts/sysroot/{Triplet}");
        Write(Path.Combine(root, "usr", present));
        Write(Path.Combine(root, "usr/left-over"));
        Script("infra/dev/unpack-package.sh",
            "for file in lib/aarch64-linux-gnu/libssl.a lib/aarch64-linux-gnu/libcrypto.a include/openssl/ssl.h include/aarch64-linux-gnu/openssl/opensslconf.h; do\n" +
            "mkdir -p \"$(dirname \"$3/usr/$file\")\"; echo made >\"$3/usr/$file\"; done");

        var result = await RunAsync();

        Assert.True(result.ExitCode == 0, result.All);
        Assert.Equal("made\n", await File.ReadAllTextAsync(Path.Combine(root, "usr", present), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Path.Combine(root, "usr/left-over")));
    }

    [Theory]
    [InlineData("mips")]
    [InlineData("ARM64")]
    [InlineData("x86_64 arm64")]
    public async Task Make_UnknownArchitecture_NamesThoseThereAre(string architecture)
    {
        var result = await Tool.RunAsync(Tool.Require("make"), ["-C", Repository.Root, "layer", "ARCHITECTURE=" + architecture]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"ARCHITECTURE={architecture} is no architecture of Lambda; it is x86_64, arm64 or all", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Make_OneArchitectureFails_TheOtherIsBuiltAllTheSame()
    {
        File.Copy(Repository.Path("Makefile"), folder.File("Makefile"));
        await File.WriteAllTextAsync(folder.File("layer/Makefile"), "package:\n\t@test $(ARCHITECTURE) = x86_64 && touch built-$(ARCHITECTURE)\n", TestContext.Current.CancellationToken);

        var result = await Tool.RunAsync(Tool.Require("make"), ["-C", folder.Path, "layers", "ARCHITECTURE=all"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("no layer was built for: arm64", result.Errors, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("layer/built-x86_64")), result.All);
    }

    /// <param name="library">The compiler's answer about its static C library.</param>
    private void AddCompiler(string library)
    {
        Write(folder.File("libc.a"));
        Script($"bin/{Triplet}-gcc", $"echo {library}");
        Script($"bin/{Triplet}-objcopy", "exit 0");
    }

    private void Script(string name, string text)
    {
        File.WriteAllText(folder.File(name), "#!/bin/sh\n" + text + "\n");
        File.SetUnixFileMode(folder.File(name), (UnixFileMode)0b111_101_101);
    }

    private static void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "x");
    }

    private async Task<string> FailAsync()
    {
        var result = await RunAsync();
        Assert.Equal(1, result.ExitCode);
        var line = Assert.Single(result.Errors.TrimEnd().Split('\n'));
        Assert.StartsWith("no layer for arm64: ", line, StringComparison.Ordinal);
        return line;
    }

    /// <summary>Runs with a PATH that contains nothing else.</summary>
    private Task<ToolResult> RunAsync() =>
        Tool.RunAsync(Tool.Require("env"), ["-i", "PATH=" + folder.File("bin"), folder.File("bin/sh"), folder.File("layer/sysroot.sh"), "linux-arm64"]);
}
