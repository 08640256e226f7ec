namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>What the loop waits for, told from the listener as soon as it arrives.</summary>
internal interface IInvocationSignals
{
    /// <summary>The runtime has finished this request; its event is already in the channel.</summary>
    void RuntimeDone(string? requestId, bool failed);

    /// <summary>The platform's report of this request is in the channel.</summary>
    void Reported(string? requestId, bool failed);
}
