using System.Net.Sockets;

namespace TelemetryExtension.Native;

/// <summary>A socket that a <see cref="PollLoop"/> watches. The loop calls it on its own thread only, and nothing it does there may block.</summary>
internal interface IWatched
{
    Socket Socket { get; }

    /// <summary>Whether to wait for bytes or connections now.</summary>
    bool IsWaiting { get; }

    /// <summary>Whether a time limit runs, so that <see cref="OnTick"/> is wanted.</summary>
    bool IsTimed { get; }

    /// <summary>There is something to read, or the other end is gone.</summary>
    void OnReadable();

    /// <summary>About a second has passed in which this process ran. A freeze counts as one.</summary>
    void OnTick();
}
