using System.Buffers.Binary;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace LambdaSandbox.Backend;

/// <summary>What HTTP has no words for: done to the connection below it.</summary>
internal static class Wire
{
    private const int GoAwayFrameType = 7;

    /// <summary>TCP RST, whatever is still unsent.</summary>
    public static void ResetConnection(HttpContext context)
    {
        context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket.Close(timeout: 0);
        context.Abort();
    }

    /// <summary>RST_STREAM on HTTP/2; on HTTP/1.1 a stream is a connection.</summary>
    public static void ResetStream(HttpContext context, int errorCode)
    {
        if (context.Features.Get<IHttpResetFeature>() is { } stream)
            stream.Reset(errorCode);
        else
            ResetConnection(context);
    }

    /// <summary>No further request on this connection, after this one.</summary>
    public static void CloseGracefully(HttpContext context)
    {
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
        else
            context.Response.Headers.Connection = "close";
    }

    /// <summary>
    /// Kestrel has no API for a GOAWAY that leaves the current stream out, so the frame is written past it. Between its own writes there is
    /// nothing to collide with as long as the stream is unanswered and alone on its connection.
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

        // An abort does not wait for what is unsent. A client that has read the frame hangs up by itself.
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(250), time, connection.ConnectionClosed);
        }
        catch (OperationCanceledException)
        {
        }

        connection.Abort();
    }

    /// <summary>Lets a request find the connection, above TLS, that it came by.</summary>
    public sealed record ConnectionTap(ConnectionContext Connection);
}
