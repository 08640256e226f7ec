using System.Runtime.InteropServices;
using DemoFunction;

// A bootstrap for a custom runtime: a hand-written Runtime API loop, and order processing as something to observe.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
var runtimeAddress = Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API");
if (string.IsNullOrEmpty(runtimeAddress))
{
    Console.Error.WriteLine("AWS_LAMBDA_RUNTIME_API is not set: start this program in Lambda or in lambda-sandbox.");
    return 1;
}

using var runtime = new RuntimeApi(runtimeAddress);
if (Environment.GetEnvironmentVariable("DEMO_FAIL_INIT") == "1")
{
    await runtime.PostInitErrorAsync(new InvocationError("Function.InitFailed", "DEMO_FAIL_INIT is set", []));
    return 1;
}

using var telemetry = DemoTelemetry.FromEnvironment();

// Lambda sends SIGTERM to the runtime only when an extension is registered, and SIGKILL 300 ms later.
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    telemetry.Flush();
    Environment.Exit(0);
});

if (SnapStart.IsOn && !await new SnapStart(runtime, telemetry).RestoreAsync())
    return 1;

var output = new FunctionOutput(Console.OpenStandardOutput(), TimeProvider.System);
await new InvocationLoop(runtime, new OrderProcessing(output, telemetry), output, telemetry).RunAsync();
return 0;
