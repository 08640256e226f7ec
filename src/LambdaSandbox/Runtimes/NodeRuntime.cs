using System.Globalization;

namespace LambdaSandbox.Runtimes;

/// <summary>Node handlers, through `aws-lambda-ric`: the function's own, one on this machine, or one that npm installs once.</summary>
internal static class NodeRuntime
{
    private const string Client = "node_modules/aws-lambda-ric";
    private static readonly TimeSpan InstallsWithin = TimeSpan.FromMinutes(8);

    public static RuntimeLaunch Find(SandboxOptions options, string code, string runtime, string handler, string? given, List<string> notes)
    {
        _ = handler;
        var node = ManagedRuntime.FindProgram("node") ?? throw new SandboxException($"--runtime {runtime} needs node: apt-get install nodejs npm");
        var major = Major(node);
        var (command, directory) = Place(options, code, major, given, notes);
        var environment = new Dictionary<string, string>
        {
            ["NODE_PATH"] = $"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task",
        };
        return new RuntimeLaunch([node, command], environment, directory);
    }

    private static (string Command, string? Directory) Place(SandboxOptions options, string code, int major, string? given, List<string> notes)
    {
        if (given is null && PackageFiles.Has(code, $"{Client}/index.mjs"))
            return ($"/var/task/{Client}/index.mjs", null);
        string[] machine = given is not null ? [given] : [Cache(major), "/usr/local/lib", "/usr/lib", "/usr/share/nodejs"];
        var found = machine.FirstOrDefault(folder => File.Exists(Path.Combine(folder, Client, "index.mjs")));
        if (found is null && given is not null)
            throw new SandboxException($"--runtime-client: {given} has no {Client}");
        return ($"/var/runtime/{Client}/index.mjs", Path.GetFullPath(found ?? Install(major, notes)));
    }

    private static string Cache(int major)
    {
        var root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "lambda-sandbox", $"node{major}");
    }

    private static string Install(int major, List<string> notes)
    {
        if (ManagedRuntime.FindProgram("npm") is not { } npm)
            throw new SandboxException("Node handlers need the package aws-lambda-ric, and npm to fetch it: apt-get install npm, or --runtime-client FOLDER");

        var package = $"aws-lambda-ric@{(major >= 20 ? 4 : 3)}";
        var folder = Cache(major);
        Directory.CreateDirectory(folder);
        // Notes are shown when the run starts, and this takes minutes on a small machine.
        Console.Error.WriteLine($"installing {package} in {folder}; it is compiled here, once");
        var result = HostProgram.Run(npm, ["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", package], InstallsWithin);
        if (result.ExitCode != 0 || !File.Exists(Path.Combine(folder, Client, "index.mjs")))
            throw new SandboxException(
                $"npm could not install {package} ({result.LastWords}); it is compiled on this machine: apt-get install g++ make cmake, or --runtime-client FOLDER");
        notes.Add($"installed {package} in {folder}");
        return folder;
    }

    private static int Major(string node)
    {
        var version = HostProgram.Run(node, ["--version"], TimeSpan.FromSeconds(10)).Output.Trim().TrimStart('v');
        return int.TryParse(version.Split('.')[0], CultureInfo.InvariantCulture, out var major) ? major : 0;
    }
}
