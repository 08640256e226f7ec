using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>
/// OTLP/gRPC: unary Export of the three services, framed by hand (gRPC over HTTP/2 specification). No reflection, health service or streaming. The deadline
/// of a call is ignored, because the answer follows at once.
/// </summary>
internal sealed class OtlpGrpcReceiver(OtlpIntake intake)
{
    private const string ContentType = "application/grpc";
    private const int FrameHeaderBytes = 5;

    /// <summary>The frame of an Export*ServiceResponse without partial_success, which has no bytes.</summary>
    private static readonly byte[] EmptyMessage = new byte[FrameHeaderBytes];

    /// <summary>OTLP's own limit for a request. No sane sender sends more.</summary>
    private const long MaxDrainBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan MaxDrainTime = TimeSpan.FromSeconds(10);

    public async Task HandleAsync(HttpExchange exchange)
    {
        await ReceiveAsync(exchange).ConfigureAwait(false);
        // A refusal has only headers, which are sent when this method ends. Drain the body first. A stream that ends with unread data is reset, which some
        // senders treat as a connection failure, and too many resets end the connection (Kestrel's defence against rapid resets) together with requests
        // that were not refused.
        if (exchange.HasStarted)
            return;
        using var patience = new CancellationTokenSource(MaxDrainTime, intake.Time);
        await RequestBody.DrainAsync(exchange.RequestBody, MaxDrainBytes, patience.Token).ConfigureAwait(false);
    }

    private async Task ReceiveAsync(HttpExchange exchange)
    {
        if (!IsGrpc(exchange.RequestHeaders.ContentType))
        {
            exchange.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        if (!HttpMethods.IsPost(exchange.Method))
        {
            exchange.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        exchange.ResponseHeaders.ContentType = ContentType;
        if (SignalOf(exchange.Path) is not { } signal)
        {
            GrpcAnswer.Fail(exchange, RpcCode.Unimplemented, "there is no method " + exchange.Path);
            return;
        }

        intake.InFlight.Enter();
        try
        {
            using var lease = intake.Lease();
            await ReceiveAsync(exchange, signal, lease).ConfigureAwait(false);
        }
        finally
        {
            intake.InFlight.Leave();
        }
    }

    private async Task ReceiveAsync(HttpExchange exchange, Signal signal, ByteLease lease)
    {
        var encoding = exchange.RequestHeaders["grpc-encoding"].ToString();
        if (encoding is not ("" or "identity" or "gzip"))
        {
            exchange.ResponseHeaders["grpc-accept-encoding"] = "identity,gzip";
            GrpcAnswer.Fail(exchange, RpcCode.Unimplemented, $"grpc-encoding {encoding} is not supported");
            return;
        }

        var (header, protocolError) = await ReadHeaderAsync(exchange.RequestBody, encoding).ConfigureAwait(false);
        if (protocolError is not null)
        {
            intake.Refuse(signal, new(BodyStatus.BadRequest, Problem: protocolError));
            GrpcAnswer.Fail(exchange, RpcCode.Internal, protocolError);
            return;
        }

        if (intake.RefuseUnread(signal, header.Length) is { } full)
        {
            await AnswerAsync(exchange, full).ConfigureAwait(false);
            return;
        }

        var keep = !header.Compressed;
        var body = await RequestBody.ReadAsync(exchange.RequestBody, header.Length, intake.MaxRequestBytes, lease, keep).ConfigureAwait(false);
        if (body.Body is null)
        {
            if (body.Status is not BodyStatus.Aborted)
                await AnswerAsync(exchange, intake.Refuse(signal, new(body.Status, Problem: "the message could not be read"))).ConfigureAwait(false);
            return;
        }

        if (body.Body.Length != header.Length)
        {
            var message = body.Body.Length < header.Length ? "the message is shorter than its frame declares" : "more than one message in a unary call";
            body.Body.Release();
            intake.Refuse(signal, new(BodyStatus.BadRequest, Problem: message));
            GrpcAnswer.Fail(exchange, RpcCode.Internal, message);
            return;
        }

        await AnswerAsync(exchange, intake.Accept(signal, body.Body, new(Json: false, header.Compressed), lease)).ConfigureAwait(false);
    }

    /// <summary>Reads and consumes the five bytes before the message.</summary>
    private static async ValueTask<((bool Compressed, long Length) Header, string? Error)> ReadHeaderAsync(PipeReader reader, string encoding)
    {
        var read = await reader.ReadAtLeastAsync(FrameHeaderBytes).ConfigureAwait(false);
        if (read.Buffer.Length < FrameHeaderBytes)
        {
            reader.AdvanceTo(read.Buffer.End);
            return (default, "no message");
        }

        var header = Parse(read.Buffer.Slice(0, FrameHeaderBytes), out var flag);
        reader.AdvanceTo(read.Buffer.GetPosition(FrameHeaderBytes));
        return flag switch
        {
            > 1 => (header, "the frame's first byte is neither 0 nor 1"),
            1 when encoding is not "gzip" => (header, "the message is flagged as compressed, but grpc-encoding names no compression"),
            _ => (header, null),
        };
    }

    private static (bool Compressed, long Length) Parse(in ReadOnlySequence<byte> bytes, out byte flag)
    {
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        bytes.CopyTo(header);
        flag = header[0];
        return (flag == 1, BinaryPrimitives.ReadUInt32BigEndian(header[1..]));
    }

    private static async ValueTask AnswerAsync(HttpExchange exchange, IntakeResult result)
    {
        switch (result.Status)
        {
            case IntakeStatus.Accepted:
                exchange.Trailer("grpc-status", "0");
                await exchange.ResponseBody.WriteAsync(EmptyMessage, exchange.Aborted).ConfigureAwait(false);
                break;
            case IntakeStatus.Full:
                GrpcAnswer.Fail(exchange, RpcCode.Unavailable, result.Message, OtlpIntake.RetryAfter);
                break;
            case IntakeStatus.TooLarge:
                GrpcAnswer.Fail(exchange, RpcCode.ResourceExhausted, result.Message);
                break;
            default:
                GrpcAnswer.Fail(exchange, RpcCode.InvalidArgument, result.Message);
                break;
        }
    }

    private static bool IsGrpc(string? contentType) =>
        contentType is not null && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is ';'
            || contentType.AsSpan(ContentType.Length).StartsWith("+proto", StringComparison.OrdinalIgnoreCase));

    private static Signal? SignalOf(string path) => path switch
    {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Signal.Traces,
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Signal.Metrics,
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Signal.Logs,
        _ => null,
    };
}
