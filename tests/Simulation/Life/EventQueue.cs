using TelemetryExtension.Lambda.ExtensionsApi;

namespace Simulation.Life;

/// <summary>Lambda's side of Next.</summary>
internal sealed class EventQueue : IExtensionEvents
{
    private TaskCompletionSource<ExtensionEvent> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The loop has asked and got no answer yet: Lambda may freeze the environment.</summary>
    public bool IsAsked { get; private set; }

    public void SendNext() => IsAsked = true;

    public ValueTask<ExtensionEvent> NextAsync(CancellationToken cancellationToken) => new(_next.Task.WaitAsync(cancellationToken));

    public void Answer(ExtensionEvent answer)
    {
        IsAsked = false;
        var next = _next;
        _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        next.SetResult(answer);
    }
}
