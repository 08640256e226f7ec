using TelemetryExtension.Lifecycle;

var runtimeApi = Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API");
if (string.IsNullOrEmpty(runtimeApi))
{
    Console.Error.WriteLine("telemetry-extension is an AWS Lambda extension: Lambda starts it from /opt/extensions, with AWS_LAMBDA_RUNTIME_API set.");
    return 1;
}

return await Extension.RunAsync(runtimeApi, TimeProvider.System).ConfigureAwait(false);
