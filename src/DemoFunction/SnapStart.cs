namespace DemoFunction;

/// <summary>
/// Waits for the restore under SnapStart, and then renews what all copies of the snapshot share. Nothing random is made before the snapshot: .NET seeds
/// its generators at their first use, which is in an invocation. So only the telemetry has something to renew.
/// </summary>
internal sealed class SnapStart(RuntimeApi runtime, DemoTelemetry telemetry)
{
    public static bool IsOn => Environment.GetEnvironmentVariable("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start";

    /// <summary>False when the restore failed. Lambda knows the reason then, and the process must exit.</summary>
    public async Task<bool> RestoreAsync()
    {
        await runtime.RestoreNextAsync();
        try
        {
            Restored();
            return true;
        }
        catch (Exception exception)
        {
            // The type that AWS's own runtimes report.
            await runtime.PostRestoreErrorAsync(new InvocationError("Runtime.AfterRestoreError", exception.Message, InvocationError.StackOf(exception)));
            return false;
        }
    }

    private void Restored()
    {
        if (Environment.GetEnvironmentVariable("DEMO_FAIL_RESTORE") == "1")
            throw new InvalidOperationException("DEMO_FAIL_RESTORE is set");
        telemetry.Restored();
    }
}
