using System.CommandLine;
using System.CommandLine.Parsing;
using LambdaSandbox.Trouble;
using LambdaSandbox.Runtimes;
using LambdaSandbox.Templates;

namespace LambdaSandbox.CommandLine;

/// <summary>The options of every command that runs a function: the function, its layers, its configuration.</summary>
internal sealed class FunctionOptions
{
    public Option<string[]> Layer { get; } = new("--layer") { Description = "A layer: a zip, or an unpacked folder; may be repeated" };

    public Option<string?> Function { get; } = new("--function") { Description = "The function: a zip, or an unpacked folder" };

    public Option<string?> Handler { get; } = new("--handler") { Description = "The function's handler, as in _HANDLER" };

    public Option<string?> Runtime { get; } = new("--runtime")
    {
        Description = "provided.al2023 (a bootstrap), or nodejs*, python*, dotnet*: run by the client on this machine. Guessed from --handler",
    };

    public Option<string?> RuntimeClient { get; } = new("--runtime-client")
    {
        Description = "The folder with node_modules/aws-lambda-ric; by default one is searched for, or installed from npm",
    };

    public Option<string[]> Command { get; } = new("--command")
    {
        Description = "The runtime's command and arguments, instead of bootstrap",
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<string?> Template { get; } = new("--template")
    {
        Description = "A SAM or CloudFormation template: function, layers, variables, memory, timeout. Options on the command line override it",
    };

    public Option<string?> Resource { get; } = new("--resource") { Description = "The function's logical id, when the template has several" };

    public Option<string[]> Emulator { get; } = new("--emulator")
    {
        Description = "The command before the binaries of layer and function, such as qemu-aarch64-static",
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<string[]> Env { get; } = new("--env") { Description = "A variable of the function, NAME=value; {port} stands for a free port; may be repeated" };

    public Option<string?> EnvFile { get; } = new("--env-file") { Description = "A file of NAME=value lines; --env overrides it" };

    public Option<TimeSpan> Timeout { get; } = Durations.Option("--timeout", "The function's timeout", "3s");

    public Option<int> Memory { get; } = new("--memory") { Description = "Memory size in MB", DefaultValueFactory = _ => 128 };

    public Option<string> Name { get; } = new("--name") { Description = "The function's name", DefaultValueFactory = _ => "orders" };

    public Option<string> Region { get; } = new("--region") { Description = "AWS_REGION, and the region in ARNs", DefaultValueFactory = _ => "eu-west-1" };

    public Option<string> Tracing { get; } = Choice("--tracing", "X-Ray tracing", "passthrough", "active", "none");

    public Option<string> LogFormat { get; } = Choice("--log-format", "The function's log format", "text", "json");

    public Option<string> Type { get; } = Choice(
        "--type", "Initialization type", "on-demand", "provisioned-concurrency", "snap-start", "lambda-managed-instances");

    public Option<string> Freeze { get; } = Choice("--freeze", "How processes are frozen", "signals", "cgroup", "none");

    public Option<bool> LimitCpu { get; } = new("--limit-cpu") { Description = "Only the CPU share of the memory size (root, cgroup)" };

    public Option<bool> LimitMemory { get; } = new("--limit-memory") { Description = "Enforce the memory size (root, cgroup)" };

    public Option<string> Mounts { get; } = Choice(
        "--private-mounts", "Own /tmp, /opt and /var/task; auto: where this machine can (root, or user namespaces)", "auto", "on", "off");

    public FaultOptions Faults { get; } = new();

    public Option<bool> Quiet { get; } = new("--quiet") { Description = "Do not show the lines that function and extensions print" };

    public Option<bool> Json { get; } = new("--json") { Description = "JSON instead of text" };

    public FunctionOptions()
    {
        Mounts.Arity = ArgumentArity.ZeroOrOne;
        Mounts.CustomParser = result => result.Tokens.Count == 0 ? "on" : result.Tokens[0].Value;
        Memory.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out var memory) || memory < 1))
                result.AddError($"--memory: {result.Tokens[0].Value} is not a number of MB");
        });
    }

    public IEnumerable<Option> All =>
    [
        Layer, Function, Handler, Runtime, RuntimeClient, Command, Emulator, Template, Resource, Env, EnvFile, Timeout, Memory, Name, Region, Tracing, LogFormat,
        Type, Freeze, LimitCpu, LimitMemory, Mounts, .. Faults.All, Quiet, Json,
    ];

    /// <param name="needsFunction">False when the runtime runs elsewhere.</param>
    /// <exception cref="SandboxException">A value is invalid. The message names the option.</exception>
    public FunctionSetup Read(ParseResult parsed, bool needsFunction = true)
    {
        List<string> notes = [];
        var template = parsed.GetValue(Template) is { } file ? SamTemplate.Read(file, parsed.GetValue(Resource), notes) : TemplateFunction.Empty;
        var layers = parsed.GetValue(Layer) is { Length: > 0 } given ? [.. given] : template.Layers;
        var function = needsFunction ? parsed.GetValue(Function) ?? template.Code : null;
        var command = parsed.GetValue(Command) ?? [];
        if (needsFunction && function is null && command.Length == 0)
            throw new SandboxException(
                template.Name is { } name ? $"--template: the code of {name} is not on this machine; add --function with its zip or folder" : "--function, --command or --template is needed");
        foreach (var layer in layers)
            Existing(layer, "--layer");
        var options = new SandboxOptions
        {
            Layers = layers,
            FunctionZip = Existing(function, "--function") && !Directory.Exists(function) ? function : null,
            FunctionDirectory = Directory.Exists(function) ? function : null,
            Command = command.Length > 0 ? command : null,
            Emulator = parsed.GetValue(Emulator) ?? [],
            Environment = Variables(parsed, template),
            FunctionName = Value(parsed, Name, template.Name)!,
            MemorySizeMb = Value(parsed, Memory, template.MemorySizeMb),
            Timeout = Value(parsed, Timeout, template.Timeout),
            Region = parsed.GetValue(Region)!,
            Tracing = Value(parsed, Tracing, template.Tracing) switch
            {
                "active" => TracingMode.Active,
                "none" => TracingMode.None,
                _ => TracingMode.PassThrough,
            },
            LogFormat = Value(parsed, LogFormat, template.LogFormat) == "json" ? LambdaSandbox.LogFormat.Json : LambdaSandbox.LogFormat.Text,
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
            PrivateMounts = PrivateMounts.Choose(parsed.GetValue(Mounts)!, command, notes),
        };
        if (needsFunction)
            options = ManagedRuntime.Apply(
                options, parsed.GetValue(Runtime) ?? template.Runtime, parsed.GetValue(Handler) ?? template.Handler, parsed.GetValue(RuntimeClient), notes);
        return new FunctionSetup(options, notes, Faults.Read(parsed, notes));
    }

    public static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => values[0] };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    /// <exception cref="SandboxException">An argument is not NAME=value.</exception>
    public static Dictionary<string, string> Variables(IEnumerable<string> pairs)
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

    private static T Value<T>(ParseResult parsed, Option<T> option, T? fromTemplate)
        where T : class => IsGiven(parsed, option) || fromTemplate is null ? parsed.GetValue(option)! : fromTemplate;

    private static T Value<T>(ParseResult parsed, Option<T> option, T? fromTemplate)
        where T : struct => IsGiven(parsed, option) || fromTemplate is null ? parsed.GetValue(option) : fromTemplate.Value;

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private Dictionary<string, string> Variables(ParseResult parsed, TemplateFunction template)
    {
        Dictionary<string, string> variables = new(template.Environment);
        if (parsed.GetValue(EnvFile) is { } file)
            foreach (var (name, value) in EnvironmentFile.Read(file))
                variables[name] = value;
        foreach (var (name, value) in Variables(parsed.GetValue(Env) ?? []))
            variables[name] = value;
        return variables;
    }

    private static bool Existing(string? path, string option) => path is null || File.Exists(path) || Directory.Exists(path)
        ? path is not null
        : throw new SandboxException($"{option}: {path} does not exist");
}

/// <param name="Notes">Remarks for the user about how the options were interpreted.</param>
/// <param name="Faults">Null when there are none.</param>
internal sealed record FunctionSetup(SandboxOptions Options, IReadOnlyList<string> Notes, FaultPlan? Faults);
