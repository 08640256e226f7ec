namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>Events that the loop waits for. The listener reports them as soon as they arrive.</summary>
internal interface IInvocationSignals
{
    /// <summary>The runtime has finished this request. Its event is already in the channel.</summary>
    void RuntimeDone(string? requestId, bool failed);

    /// <summary>The platform's report of this request is in the channel.</summary>
    void Reported(string? requestId, bool failed);
}
