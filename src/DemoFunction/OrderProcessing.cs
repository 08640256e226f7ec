using System.Diagnostics;

namespace DemoFunction;

internal sealed class PaymentDeclinedException(string message) : Exception(message);

/// <summary>Validates, charges and stores an order. The payment of an order with <c>fail</c> is declined.</summary>
internal sealed class OrderProcessing(FunctionOutput output, DemoTelemetry telemetry)
{
    private byte[] _held = [];

    public async Task<OrderReceipt> ProcessAsync(DemoEvent command, string requestId)
    {
        var order = command.Order ?? new Order();
        await ObeyAsync(command);

        output.Text($"received order {order.Id} with {order.Items} items");
        await StepAsync("validate", milliseconds: 2);
        await StepAsync("charge", milliseconds: 8, activity =>
        {
            activity?.SetTag("order.amount", order.Amount);
            if (order.Fail)
                throw new PaymentDeclinedException($"the payment of order {order.Id} was declined");
        });
        output.Json("INFO", "payment charged", requestId, order.Id, order.Amount);
        telemetry.OrderCharged(order);
        await StepAsync("store", milliseconds: 4);
        output.Text($"stored order {order.Id}");
        return new OrderReceipt(order.Id, "stored", requestId);
    }

    private async Task ObeyAsync(DemoEvent command)
    {
        if (command.Stderr is { } text)
            await Console.Error.WriteLineAsync(text);
        Hold(command.HoldMb << 20);
        output.Load(command.LogLines, command.LogBytes, command.RandomLines);
        if (command.SleepMs > 0)
            await Task.Delay(command.SleepMs);
        if (command.Crash)
            Environment.Exit(1);
        if (command.Timeout)
            await Task.Delay(Timeout.Infinite);
    }

    private void Hold(int bytes)
    {
        if (_held.Length >= bytes)
            return;
        _held = GC.AllocateUninitializedArray<byte>(bytes);
        // Write to the pages, because only written pages count as the process's memory.
        Array.Fill(_held, (byte)1);
    }

    private static async Task StepAsync(string name, int milliseconds, Action<Activity?>? work = null)
    {
        using var activity = DemoTelemetry.Source.StartActivity(name);
        await Task.Delay(milliseconds);
        try
        {
            work?.Invoke(activity);
        }
        catch (PaymentDeclinedException exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            activity?.AddException(exception);
            throw;
        }
    }
}
