using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Lifecycle;

if (args is ["replay", .. var arguments])
    return await ReplayProcess.RunAsync(arguments).ConfigureAwait(false);

var runtimeApi = Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API");
if (string.IsNullOrEmpty(runtimeApi))
{
    Console.Error.WriteLine("telemetry-extension is an AWS Lambda extension: Lambda starts it from /opt/extensions, with AWS_LAMBDA_RUNTIME_API set.");
    Console.Error.WriteLine("By hand it sends dead letters again: telemetry-extension replay --help");
    return 1;
}

return await Extension.RunAsync(runtimeApi, TimeProvider.System).ConfigureAwait(false);
