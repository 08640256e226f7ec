namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>The events of the Extensions API, one after the other: a seam over the network.</summary>
internal interface IExtensionEvents
{
    /// <summary>Asks for the next event. From now on the environment may be frozen.</summary>
    void SendNext();

    /// <summary>Waits, without limit, for the event that answers <see cref="SendNext"/>.</summary>
    ValueTask<ExtensionEvent> NextAsync(CancellationToken cancellationToken);
}
