using TelemetryExtension.Native;

namespace TelemetryExtension.Lifecycle;

/// <summary>Notices that this process is a copy of a snapshot: at the first INVOKE, or at platform.restoreStart, whichever comes first.</summary>
/// <param name="isExpected">The initialization type says that there will be a restore. No INVOKE comes before it.</param>
/// <param name="restored">What must be done again in each copy.</param>
internal sealed class SnapStart(bool isExpected, Action restored)
{
    private int _noticed;

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
        restored();
    }
}
