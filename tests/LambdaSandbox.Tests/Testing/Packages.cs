using System.IO.Compression;

namespace LambdaSandbox.Tests.Testing;

/// <summary>Creates a layer and a function zip from the scripts in Fixtures, with Unix modes like a packager's.</summary>
internal sealed class Packages : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-tests-").FullName;

    public Packages(int extensionMode = 0b111_101_101)
    {
        if (!File.Exists("/usr/bin/env") || !HasPython())
            Assert.Skip("python3 is needed: apt-get install python3");
        Layer = Zip("layer.zip", ("extensions/py-ext", "extension.py", extensionMode), ("wrapper", null, 0b111_101_101));
        Function = Zip("function.zip", ("bootstrap", "bootstrap.py", 0b111_101_101));
    }

    public string Layer { get; }

    public string Function { get; }

    public SandboxOptions Options => new()
    {
        LayerZip = Layer,
        FunctionZip = Function,

        // Starting an interpreter takes long on a busy machine.
        Timeout = TimeSpan.FromSeconds(10),
        InitTimeout = TimeSpan.FromSeconds(20),
        Environment = Path,
    };

    /// <summary>Finds this machine's python3, which may be anywhere on the PATH.</summary>
    public static Dictionary<string, string> Path => new() { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin" };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static bool HasPython() =>
        Path["PATH"].Split(':').Any(folder => folder.Length > 0 && File.Exists(System.IO.Path.Combine(folder, "python3")));

    private string Zip(string name, params (string Entry, string? Fixture, int Mode)[] entries)
    {
        var path = System.IO.Path.Combine(folder, name);
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (entryName, fixture, mode) in entries)
        {
            var entry = zip.CreateEntry(entryName);
            entry.ExternalAttributes = (0x8000 | mode) << 16;
            using var writer = new StreamWriter(entry.Open());
            writer.Write(fixture is null
                ? "#!/bin/sh\nexec \"$@\" wrapped\n"
                : File.ReadAllText(System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", fixture)));
        }

        return path;
    }
}
