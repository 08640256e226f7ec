namespace LambdaSandbox.Runtimes;

/// <summary>A managed runtime: a command that runs the language's runtime interface client, and variables that only it sees.</summary>
/// <param name="Directory">The folder shown at /var/runtime, or null.</param>
internal sealed record RuntimeLaunch(IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, string? Directory = null);

/// <summary>Runs Node, Python and .NET handlers without a container, with AWS's own runtime interface clients.</summary>
internal static class ManagedRuntime
{
    private static readonly string[] ScriptEndings = [".js", ".mjs", ".cjs"];

    /// <param name="runtime">AWS's name of the runtime. Null derives it from the handler.</param>
    /// <exception cref="SandboxException">The runtime is unknown, or this machine lacks what it needs.</exception>
    public static SandboxOptions Apply(SandboxOptions options, string? runtime, string? handler, string? client, List<string> notes)
    {
        var code = options.FunctionDirectory ?? options.FunctionZip;
        if (options.Command is not null || HasBootstrap(options, code) && !IsManaged(runtime))
            return options with { Handler = handler ?? "bootstrap" };
        runtime ??= Guess(code, handler, notes);
        var launch = Family(runtime) switch
        {
            "nodejs" => NodeRuntime.Find(options, code!, runtime!, handler ??= "index.handler", client, notes),
            "python" => PythonRuntime.Find(code!, handler ??= "lambda_function.lambda_handler"),
            "dotnet" => DotNetRuntime.Find(code!, handler ??= ""),
            "provided" or null => null,
            _ => throw new SandboxException($"--runtime {runtime}: only provided, nodejs, python and dotnet run without a container"),
        };
        if (launch is null)
            return options with { Handler = handler ?? "bootstrap" };
        return options with
        {
            Handler = handler!,
            Command = launch.Command,
            RuntimeDirectory = launch.Directory,
            RuntimeEnvironment = new Dictionary<string, string>(launch.Environment) { ["AWS_EXECUTION_ENV"] = $"AWS_Lambda_{runtime}" },
        };
    }

    /// <summary>The absolute path of a program on this machine's PATH.</summary>
    public static string? FindProgram(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static bool HasBootstrap(SandboxOptions options, string? code) =>
        PackageFiles.Has(code, "bootstrap") || options.Layers.Any(layer => PackageFiles.Has(layer, "bootstrap"));

    private static bool IsManaged(string? runtime) => Family(runtime) is not (null or "provided");

    private static string? Family(string? runtime) => runtime?.TrimEnd("0123456789.x".ToCharArray()) switch
    {
        null => null,
        var name when name.StartsWith("provided", StringComparison.Ordinal) => "provided",
        "node" or "nodejs" => "nodejs",
        var name => name,
    };

    private static string? Guess(string? code, string? handler, List<string> notes)
    {
        var module = handler?.Split('.', 2)[0];
        string? guessed = null;
        if (handler?.Contains("::", StringComparison.Ordinal) == true)
            guessed = "dotnet";
        else if (ScriptEndings.Any(end => PackageFiles.Has(code, (module ?? "index") + end)))
            guessed = "nodejs";
        else if (PackageFiles.Has(code, (module?.Replace('.', '/') ?? "lambda_function") + ".py"))
            guessed = "python";
        if (guessed is not null)
            notes.Add($"runtime {guessed}, guessed from the function's files; --runtime overrides it");
        return guessed;
    }
}
