using TelemetryExtension.Lambda.ExtensionsApi;

namespace TelemetryExtension.Lifecycle;

/// <summary>Fail open: when the extension cannot do its work, it still calls Next until SHUTDOWN, because Lambda fails a function whose extension exits.</summary>
internal static class IdleLoop
{
    /// <summary>Runs until the end. The caller has sent the first Next.</summary>
    /// <returns>How it ended: by SHUTDOWN, or because the Extensions API is gone.</returns>
    public static async Task<ExtensionEvent> RunAsync(ExtensionsApiClient extensions)
    {
        while (true)
        {
            var next = await extensions.NextAsync(CancellationToken.None).ConfigureAwait(false);
            if (next is ExtensionEvent.Shutdown or ExtensionEvent.Lost)
                return next;
            extensions.SendNext();
        }
    }
}
