using System.Net;
using System.Net.Sockets;

namespace LambdaSandbox.Backend;

/// <summary>
/// A loopback port that stays its owner's while nobody listens on it: connections are refused, and no other program can take it and answer in
/// the owner's place. A socket is bound to it and never listens. Linux lets another one bind beside it only if both say SO_REUSEADDR, which every
/// .NET listener does: so this one says it just while its owner begins to listen.
/// </summary>
internal sealed class ReservedPort : IDisposable
{
    private const int SolSocket = 1;
    private const int SoReuseAddr = 2;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <param name="port">0: any free one.</param>
    /// <exception cref="IOException">It is taken.</exception>
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

    /// <summary>Whether a socket of .NET may bind to it now.</summary>
    public void Share(bool on) => _socket.SetRawSocketOption(SolSocket, SoReuseAddr, BitConverter.GetBytes(on ? 1 : 0));

    public void Dispose() => _socket.Dispose();
}
