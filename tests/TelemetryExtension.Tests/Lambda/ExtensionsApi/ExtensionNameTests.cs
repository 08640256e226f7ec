using TelemetryExtension.Lambda.ExtensionsApi;

namespace TelemetryExtension.Tests.Lambda.ExtensionsApi;

public sealed class ExtensionNameTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("extension-name-").FullName;

    [Theory]
    [InlineData("/opt/extensions/telemetry-extension", "telemetry-extension")]
    [InlineData("/opt/extensions/00-otel", "00-otel")]
    [InlineData("/opt/extensions/otel.sh", "otel.sh")]
    [InlineData("/opt/extensions/ein Name", "ein Name")]
    [InlineData("/opt/extensions/télémétrie", "télémétrie")]
    [InlineData("/tmp/case/00-otel", "00-otel")]
    [InlineData("./telemetry-extension-2", "telemetry-extension-2")]
    [InlineData("otel", "otel")]
    [InlineData("", "telemetry-extension")]
    [InlineData("/opt/extensions/two\r\nlines", "telemetry-extension")]
    public void Candidates_StartedDirectly_TheFilesNameIsFirst(string started, string name) => Assert.Equal(name, Names(started)[0]);

    /// <summary>Lambda started the link, whatever its target is.</summary>
    [Fact]
    public void Candidates_SymbolicLink_IsTheLinksName() =>
        Assert.Equal(["10-otel"], Names("/opt/extensions/10-otel").Distinct());

    [Fact]
    public void Candidates_AScriptRunsTheBinary_IsTheScriptsName()
    {
        var script = Script("otel.sh", "/opt/bin/telemetry-extension");

        Assert.Equal("otel.sh", Names("/opt/bin/telemetry-extension", ["/bin/sh", script])[0]);
    }

    [Fact]
    public void Candidates_AScriptExecsTheBinary_IsTheScriptThatNamesIt()
    {
        Script("aaa-other", "/opt/bin/something-else");
        Script("otel.sh", "exec /opt/bin/telemetry-extension");

        Assert.Equal(["otel.sh", "telemetry-extension"], Names("/opt/bin/telemetry-extension"));
    }

    /// <summary>The file that started this process cannot be determined. Lambda refuses the name that the other copy has taken.</summary>
    [Fact]
    public void Candidates_TwoScriptsExecTheBinary_AreBoth()
    {
        Script("one", "exec /opt/bin/telemetry-extension");
        Script("two", "exec /opt/bin/telemetry-extension");

        Assert.Equal(["one", "two", "telemetry-extension"], Names("/opt/bin/telemetry-extension"));
    }

    [Fact]
    public void Candidates_AScriptOfTheSameName_IsThatName()
    {
        Script("telemetry-extension", "exec /opt/bin/telemetry-extension");
        Script("wrapper", "exec /opt/bin/telemetry-extension");

        Assert.Equal("telemetry-extension", Names("/opt/bin/telemetry-extension")[0]);
    }

    /// <summary>A parent that is a script elsewhere, such as a test harness, is ignored.</summary>
    [Fact]
    public void Candidates_TheParentIsNoExtension_IsTheFilesName() =>
        Assert.Equal("00-otel", Names("/tmp/case/00-otel", ["python3", "/work/run", "/tmp/case/00-otel"])[0]);

    [Theory]
    [InlineData("/opt/bin/telemetry-extension", "/opt/extensions")]
    [InlineData("/var/tmp/sandbox/opt/lib/x/telemetry-extension", "/var/tmp/sandbox/opt/extensions")]
    [InlineData("/usr/bin/telemetry-extension", "/opt/extensions")]
    [InlineData(null, "/opt/extensions")]
    public void ExtensionsFolder_IsTheOneBesideTheBinary(string? binary, string folder) => Assert.Equal(folder, ExtensionName.ExtensionsFolder(binary));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Folder => Directory.CreateDirectory(Path.Combine(_root, "opt/extensions")).FullName;

    private string Script(string name, string command)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{command}\n");
        return path;
    }

    private List<string> Names(string started, string[]? parent = null) => [.. ExtensionName.Candidates(started, () => parent ?? [], Folder)];
}
