using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Tests.Network;

/// <summary>A port with a full connection queue: clients get no answer, as from a host that is gone.</summary>
internal sealed class SilentAddress : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public SilentAddress(IPAddress address, int port)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(listener);
        listener.Bind(new IPEndPoint(address, port));
        listener.Listen(0);
        for (var i = 0; i < 3; i++)
        {
            var filler = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _sockets.Add(filler);
            _ = filler.ConnectAsync(address, port).ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
        }
    }

    public void Dispose() => _sockets.ForEach(static socket => socket.Dispose());
}
