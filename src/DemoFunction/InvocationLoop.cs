using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace DemoFunction;

/// <summary>Repeats Next, handle, flush, answer. Ends only with an exception of the Runtime API or with the process.</summary>
internal sealed class InvocationLoop(RuntimeApi runtime, OrderProcessing orders, FunctionOutput output, DemoTelemetry telemetry)
{
    [DoesNotReturn]
    public async Task RunAsync()
    {
        while (true)
            await HandleAsync(await runtime.NextAsync());
    }

    private async Task HandleAsync(Invocation invocation)
    {
        // The contract of a runtime: SDKs with the xray-lambda propagator read the trace header from this variable.
        Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", invocation.TraceHeader);
        var command = DemoJson.ReadEvent(invocation.Payload);
        OrderReceipt? receipt = null;
        InvocationError? error = null;
        using (var span = telemetry.StartInvocation(invocation))
        {
            try
            {
                receipt = await orders.ProcessAsync(command, invocation.RequestId);
            }
            catch (PaymentDeclinedException exception)
            {
                error = new InvocationError("Function.PaymentDeclined", exception.Message, InvocationError.StackOf(exception));
                output.Json("ERROR", exception.Message, invocation.RequestId, command.Order?.Id, errorType: error.Type);
            }

            span.Ended(error);
        }

        // Flush before the answer. With the answer the platform reports runtimeDone, and may freeze this process at the next call of /next.
        telemetry.Flush();
        if (error is null)
            await runtime.PostResponseAsync(invocation, JsonSerializer.SerializeToUtf8Bytes(receipt!, DemoJson.Default.OrderReceipt));
        else
            await runtime.PostErrorAsync(invocation, error);
    }
}
