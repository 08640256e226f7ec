using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Lambda;

namespace TelemetryExtension.Tests.Lambda;

public class MetadataEndpointTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n{\"AvailabilityZoneID\":\"use1-az1\"", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n{\"AvailabilityZoneID\":\"use1-az1\"} ", "use1-az1")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", null)]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", null)]
    [InlineData("nonsense\r\n\r\n", null)]
    [InlineData("", null)]
    public async Task AvailabilityZone_OfAnAnswer_IsItsIdOrNothing(string answer, string? expected)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = AnswerAsync(listener, answer);

        var zone = await MetadataEndpoint.AvailabilityZoneAsync(listener.LocalEndpoint.ToString(), "secret", TimeProvider.System);

        Assert.Equal(expected, zone);
        var request = await asked;
        Assert.StartsWith("GET /2026-01-15/metadata/execution-environment HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nAuthorization: Bearer secret\r\n", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("127.0.0.1:1")]
    [InlineData("127.0.0.1:port")]
    public async Task AvailabilityZone_WithoutAnEndpoint_IsNothing(string? address) =>
        Assert.Null(await MetadataEndpoint.AvailabilityZoneAsync(address, null, TimeProvider.System));

    private static async Task<string> AnswerAsync(TcpListener listener, string answer)
    {
        using var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        var length = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes(answer), TestContext.Current.CancellationToken);
        socket.Shutdown(SocketShutdown.Send);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
