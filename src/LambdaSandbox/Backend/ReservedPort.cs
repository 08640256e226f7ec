using System.Net;
using System.Net.Sockets;

namespace LambdaSandbox.Backend;

/// <summary>
/// Reserves a loopback port while its owner does not listen: connections are refused, and no other program can take the port and answer instead of the
/// owner. A socket is bound to it and never listens. Linux lets another socket bind to the port only if both set SO_REUSEADDR, as every .NET listener does.
/// So this socket sets it only while its owner starts to listen.
/// </summary>
internal sealed class ReservedPort : IDisposable
{
    private const int SolSocket = 1;
    private const int SoReuseAddr = 2;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <param name="port">0 chooses a free port.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public ReservedPort(int port)
    {
        try
        {
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException error)
        {
            _socket.Dispose();
            throw new IOException($"port {port} of 127.0.0.1 cannot be used: {error.Message}", error);
        }

        Number = ((IPEndPoint)_socket.LocalEndPoint!).Port;
        Share(false);
    }

    public int Number { get; }

    /// <summary>Allows or forbids that a .NET socket binds to the port.</summary>
    public void Share(bool on) => _socket.SetRawSocketOption(SolSocket, SoReuseAddr, BitConverter.GetBytes(on ? 1 : 0));

    public void Dispose() => _socket.Dispose();
}
