using System.Buffers.Binary;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace LambdaSandbox.Backend;

/// <summary>Actions below HTTP, on the connection itself.</summary>
internal static class Wire
{
    private const int GoAwayFrameType = 7;

    /// <summary>Sends a TCP RST, even with unsent data.</summary>
    public static void ResetConnection(HttpContext context)
    {
        context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket.Close(timeout: 0);
        context.Abort();
    }

    /// <summary>Sends RST_STREAM on HTTP/2. On HTTP/1.1 resets the connection.</summary>
    public static void ResetStream(HttpContext context, int errorCode)
    {
        if (context.Features.Get<IHttpResetFeature>() is { } stream)
            stream.Reset(errorCode);
        else
            ResetConnection(context);
    }

    /// <summary>Closes the connection after this request.</summary>
    public static void CloseGracefully(HttpContext context)
    {
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
        else
            context.Response.Headers.Connection = "close";
    }

    /// <summary>
    /// Sends a GOAWAY that excludes the current stream. Kestrel has no API for that, so the frame bypasses Kestrel. It cannot collide with Kestrel's writes
    /// while the stream is unanswered and alone on its connection.
    /// </summary>
    public static async Task GoAwayAsync(HttpContext context, int errorCode, TimeProvider time)
    {
        if (context.Features.Get<IHttp2StreamIdFeature>() is not { } stream)
        {
            ResetConnection(context);
            return;
        }

        var connection = context.Features.GetRequiredFeature<ConnectionTap>().Connection;
        var frame = new byte[9 + 8];
        frame[2] = 8;
        frame[3] = GoAwayFrameType;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(9), Math.Max(0, stream.StreamId - 2));
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(13), errorCode);
        await connection.Transport.Output.WriteAsync(frame, CancellationToken.None);

        // An abort drops unsent data. A client that has read the frame closes the connection itself.
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(250), time, connection.ConnectionClosed);
        }
        catch (OperationCanceledException)
        {
        }

        connection.Abort();
    }

    /// <summary>Lets a request find its connection, above TLS.</summary>
    public sealed record ConnectionTap(ConnectionContext Connection);
}
