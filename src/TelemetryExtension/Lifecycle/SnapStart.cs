using TelemetryExtension.Native;

namespace TelemetryExtension.Lifecycle;

/// <summary>Notices that this process is a copy of a snapshot: at the first INVOKE, or at platform.restoreStart, whichever comes first.</summary>
/// <param name="isExpected">The initialization type says that there will be a restore. No INVOKE comes before it.</param>
/// <param name="ask">Asks for what each copy must learn itself.</param>
internal sealed class SnapStart(bool isExpected, Action ask)
{
    private int _noticed;

    /// <summary>A snapshot would take along the answers, and connections that are dead in each copy. So with a snapshot nobody is asked before it.</summary>
    public void OnStart()
    {
        if (!isExpected)
            ask();
    }

    public void OnInvoke()
    {
        if (isExpected)
            OnRestores(1);
    }

    /// <param name="restores">How many restoreStart events have arrived.</param>
    public void OnRestores(int restores)
    {
        if (restores <= _noticed)
            return;
        _noticed = restores;
        SnapshotRestores.Notice();
        ask();
    }
}
