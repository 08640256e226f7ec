using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace LambdaSandbox.CommandLine;

/// <summary>What `lambda-sandbox run` takes.</summary>
internal sealed class RunOptions
{
    public Option<string?> Layer { get; } = new("--layer") { Description = "The layer: a zip, or an unpacked folder" };

    public Option<string?> Function { get; } = new("--function") { Description = "The function: a zip, or an unpacked folder, with `bootstrap`" };

    public Option<string[]> Command { get; } = new("--command")
    {
        Description = "The runtime's command and arguments, instead of bootstrap",
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<string[]> Env { get; } = new("--env") { Description = "A variable of the function, NAME=value; may be repeated" };

    public Option<string[]> Invoke { get; } = new("--invoke") { Description = "The payload of an invocation; may be repeated" };

    public Option<TimeSpan> Pause { get; } = Seconds("--pause", "Between invocations, everything frozen: 2s, 500ms, or seconds", "1s");

    public Option<TimeSpan> Timeout { get; } = Seconds("--timeout", "The function's timeout", "3s");

    public Option<int> Memory { get; } = new("--memory") { Description = "Memory size in MB", DefaultValueFactory = _ => 128 };

    public Option<string> Name { get; } = new("--name") { Description = "The function's name", DefaultValueFactory = _ => "orders" };

    public Option<string> Tracing { get; } = Choice("--tracing", "X-Ray tracing", "active", "passthrough", "none");

    public Option<string> LogFormat { get; } = Choice("--log-format", "The function's log format", "text", "json");

    public Option<string> Type { get; } = Choice(
        "--type", "Initialization type", "on-demand", "provisioned-concurrency", "snap-start", "lambda-managed-instances");

    public Option<string> Freeze { get; } = Choice("--freeze", "How processes are frozen", "signals", "cgroup", "none");

    public Option<bool> LimitCpu { get; } = new("--limit-cpu") { Description = "Only the CPU share of the memory size (root, cgroup v1)" };

    public Option<bool> LimitMemory { get; } = new("--limit-memory") { Description = "Enforce the memory size (root, cgroup v1)" };

    public Option<bool> Mounts { get; } = new("--private-mounts") { Description = "Own /tmp, /opt and /var/task (root)" };

    public Option<bool> Quiet { get; } = new("--quiet") { Description = "Do not show the lines that function and extensions print" };

    public Option<bool> Json { get; } = new("--json") { Description = "One JSON document instead of text" };

    public IEnumerable<Option> All =>
    [
        Layer, Function, Command, Env, Invoke, Pause, Timeout, Memory, Name, Tracing, LogFormat, Type, Freeze, LimitCpu, LimitMemory, Mounts, Quiet, Json,
    ];

    /// <exception cref="SandboxException">A value is not usable; the message names the option.</exception>
    public SandboxOptions Read(ParseResult parsed)
    {
        var layer = parsed.GetValue(Layer);
        var function = parsed.GetValue(Function);
        var command = parsed.GetValue(Command) ?? [];
        if (function is null && command.Length == 0)
            throw new SandboxException("--function or --command is needed");
        return new SandboxOptions
        {
            LayerZip = ZipOf(layer, "--layer"),
            LayerDirectory = FolderOf(layer),
            FunctionZip = ZipOf(function, "--function"),
            FunctionDirectory = FolderOf(function),
            Command = command.Length > 0 ? command : null,
            Environment = Variables(parsed.GetValue(Env) ?? []),
            FunctionName = parsed.GetValue(Name)!,
            MemorySizeMb = parsed.GetValue(Memory) is >= 1 and var memory ? memory : throw new SandboxException("--memory must be at least 1"),
            Timeout = parsed.GetValue(Timeout),
            Tracing = parsed.GetValue(Tracing) switch
            {
                "active" => TracingMode.Active,
                "none" => TracingMode.None,
                _ => TracingMode.PassThrough,
            },
            LogFormat = parsed.GetValue(LogFormat) == "json" ? LambdaSandbox.LogFormat.Json : LambdaSandbox.LogFormat.Text,
            InitializationType = parsed.GetValue(Type) switch
            {
                "provisioned-concurrency" => InitializationType.ProvisionedConcurrency,
                "snap-start" => InitializationType.SnapStart,
                "lambda-managed-instances" => InitializationType.ManagedInstances,
                _ => InitializationType.OnDemand,
            },
            Freeze = parsed.GetValue(Freeze) switch
            {
                "cgroup" => FreezeMode.Cgroup,
                "none" => FreezeMode.None,
                _ => FreezeMode.Signals,
            },
            LimitCpu = parsed.GetValue(LimitCpu),
            LimitMemory = parsed.GetValue(LimitMemory),
            PrivateMounts = parsed.GetValue(Mounts),
        };
    }

    internal static bool TryParseDuration(string text, out TimeSpan duration)
    {
        var (digits, unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1.0),
            _ when text.EndsWith('s') => (text[..^1], 1000.0),
            _ => (text, 1000.0),
        };
        var valid = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= 86_400_000;
        duration = valid ? TimeSpan.FromMilliseconds(value * unit) : default;
        return valid;
    }

    private static Dictionary<string, string> Variables(string[] pairs)
    {
        Dictionary<string, string> variables = [];
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw new SandboxException($"--env {pair}: NAME=value expected");
            variables[pair[..equals]] = pair[(equals + 1)..];
        }

        return variables;
    }

    private static string? FolderOf(string? path) => Directory.Exists(path) ? path : null;

    private static string? ZipOf(string? path, string option)
    {
        if (path is null || Directory.Exists(path))
            return null;
        return File.Exists(path) ? path : throw new SandboxException($"{option}: {path} does not exist");
    }

    private static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => values[0] };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static Option<TimeSpan> Seconds(string name, string description, string standard) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => TryParseDuration(standard, out var value) ? value : default,
        CustomParser = result => Parse(result, name),
    };

    private static TimeSpan Parse(ArgumentResult result, string name)
    {
        if (!TryParseDuration(result.Tokens[0].Value, out var duration))
            result.AddError($"{name}: {result.Tokens[0].Value} is not a duration (2s, 500ms, 1.5)");
        return duration;
    }
}
