using TelemetryExtension.Lambda.ExtensionsApi;

namespace TelemetryExtension.Lifecycle;

/// <summary>Fail open: when we cannot do our work, we still call Next until SHUTDOWN, because an extension that exits takes the function with it.</summary>
internal static class IdleLoop
{
    /// <summary>The first Next has been sent before.</summary>
    public static async Task RunAsync(ExtensionsApiClient extensions)
    {
        while (await extensions.NextAsync(CancellationToken.None).ConfigureAwait(false) is not ExtensionEvent.Shutdown)
            extensions.SendNext();
    }
}
