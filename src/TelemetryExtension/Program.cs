using TelemetryExtension.Preflight;
using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Lifecycle;

switch (args)
{
    case ["--version" or "version", ..]:
    case ["replay", "--version", ..]:
        Console.WriteLine(Usage.Version);
        return 0;
    case ["--help" or "-h" or "help", ..]:
        Console.Write(Usage.Text);
        return 0;
    case ["check", .. var arguments]:
        return await CheckProcess.RunAsync(arguments).ConfigureAwait(false);
    case ["replay", .. var arguments]:
        return await ReplayProcess.RunAsync(arguments).ConfigureAwait(false);
}

// Lambda starts an extension without arguments. Should that change, they are no reason not to run.
var runtimeApi = Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API");
if (!string.IsNullOrEmpty(runtimeApi))
    return await Extension.RunAsync(runtimeApi, TimeProvider.System).ConfigureAwait(false);
Console.Error.Write(args is [var unknown, ..] ? $"telemetry-extension: there is no command {unknown}\n\n{Usage.Text}" : Usage.Text);
return args is [] ? 1 : 2;
