using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LambdaSandbox.Backend;

/// <summary>Processes one request in stages: headers, body, message, script, answer.</summary>
internal sealed class OtlpEndpoint(OtlpBackend backend, Inbox inbox, OtlpBackendOptions options)
{
    private int _open;

    /// <inheritdoc cref="OtlpBackend.OpenRequests"/>
    public int OpenRequests => Volatile.Read(ref _open);

    public async Task HandleAsync(OtlpListener listener, HttpContext context)
    {
        var open = 1;
        Interlocked.Increment(ref _open);
        try
        {
            await HandleAsync(listener, context, Close);
        }
        finally
        {
            Close();
        }

        void Close()
        {
            if (Interlocked.Exchange(ref open, 0) == 1)
                Interlocked.Decrement(ref _open);
        }
    }

    /// <param name="closing">Called before the first byte of an answer, so that no client has the answer while the request still counts as open.</param>
    private async Task HandleAsync(OtlpListener listener, HttpContext context, Action closing)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(listener.Stopping, context.RequestAborted);
        var request = Describe(context);
        var reply = new Reply(context, request, inbox, options, closing, ended.Token);
        try
        {
            var refusal = Refuse(context, request, isGrpcPort: context.Connection.LocalPort == listener.GrpcPort)
                ?? await ReceiveAsync(context, request, ended.Token);
            request.Problem = refusal?.Message;
            inbox.Add(request);
            if (ended.IsCancellationRequested)
            {
                // A handler that returns without an answer would send an empty 200.
                context.Abort();
                return;
            }

            await reply.SendAsync(Script(request), refusal);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            // The client or the backend is gone, so there is nobody to answer.
            if (request.WireSize == 0 && request.Problem is null)
            {
                request.Problem = "the body did not arrive";
                inbox.Add(request);
            }

            context.Abort();
        }
    }

    private ReceivedRequest Describe(HttpContext context)
    {
        var isGrpc = IsGrpc(context.Request.ContentType);
        var path = context.Request.Path.Value ?? "";
        return new()
        {
            Number = inbox.NextNumber(),
            Time = options.Time.GetUtcNow(),
            ConnectionId = context.Connection.Id,
            Signal = isGrpc ? OtlpMessages.SignalOfMethod(path) : OtlpMessages.SignalOfPath(path),
            Protocol = isGrpc ? OtlpProtocol.Grpc : IsJson(context.Request.ContentType) ? OtlpProtocol.HttpJson : OtlpProtocol.HttpProtobuf,
            Method = context.Request.Method,
            Path = path,
            Target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            Headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
        };
    }

    private static Refusal? Refuse(HttpContext context, ReceivedRequest request, bool isGrpcPort)
    {
        var mediaType = MediaType(context.Request.ContentType);
        if (request.Protocol == OtlpProtocol.Grpc)
        {
            return !HttpMethods.IsPost(request.Method) ? new(405, GrpcStatus.Internal, "gRPC is POST")
                : request.Signal is null ? new(200, GrpcStatus.Unimplemented, $"no method {request.Path}")
                : null;
        }

        return isGrpcPort ? new(415, 0, $"this port speaks application/grpc, not {mediaType}")
            : request.Signal is null ? new(404, 0, $"no OTLP path {request.Path}")
            : !HttpMethods.IsPost(request.Method) ? new(405, 0, "OTLP is POST")
            : mediaType is not ("application/x-protobuf" or "application/json") ? new(415, 0, $"content type {mediaType} is neither protobuf nor JSON")
            : null;
    }

    private async Task<Refusal?> ReceiveAsync(HttpContext context, ReceivedRequest request, CancellationToken cancellationToken)
    {
        var reading = backend.Receive?.Invoke(request) ?? Reading.Normal;
        var wire = await RequestBody.ReadAsync(context, reading, options.MaxRequestBytes, options.Time, cancellationToken);
        if (wire is null)
            return new(413, GrpcStatus.ResourceExhausted, $"more than {options.MaxRequestBytes} bytes");
        request.WireSize = wire.Length;

        ReadOnlyMemory<byte> content = wire;
        var encoding = Encoding(context, request);
        if (request.Protocol == OtlpProtocol.Grpc)
        {
            if (GrpcFrame.Read(wire, out var compressed, out content) is { } problem)
                return new(200, GrpcStatus.Internal, problem);
            if (compressed && encoding.Length == 0)
                return new(200, GrpcStatus.Internal, "compressed flag without grpc-encoding");
            if (!compressed)
                encoding = "";
        }

        if (encoding.Length > 0 && encoding != "gzip")
            return new(415, GrpcStatus.Unimplemented, $"encoding {encoding} is not gzip");

        try
        {
            request.Compressed = encoding == "gzip";
            if (request.Compressed)
            {
                if (RequestBody.Gunzip(content, options.MaxRequestBytes) is not { } expanded)
                    return new(413, GrpcStatus.ResourceExhausted, $"more than {options.MaxRequestBytes} bytes when decompressed");
                content = expanded;
            }

            request.Body = content;
            request.Message = OtlpMessages.Decode(request.Signal!.Value, content, request.Protocol == OtlpProtocol.HttpJson);
            request.ItemCount = OtlpMessages.ItemCount(request.Message);
            if (request.Protocol != OtlpProtocol.HttpJson)
                request.BrokenRules = OtlpRules.Check(request.Message, content.Span);
            return null;
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or FormatException or InvalidDataException)
        {
            return new(400, GrpcStatus.Internal, error.Message);
        }
    }

    private Fault Script(ReceivedRequest request)
    {
        try
        {
            return backend.Respond?.Invoke(request) ?? Fault.None;
        }
#pragma warning disable CA1031 // The test sees any exception of its script in the answer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return Fault.Http(500, $"the script failed: {error.Message}");
        }
        finally
        {
            if (!options.KeepBodies)
                request.Body = default;
        }
    }

    private static string Encoding(HttpContext context, ReceivedRequest request)
    {
        var header = request.Protocol == OtlpProtocol.Grpc ? "grpc-encoding" : "content-encoding";
        var encoding = context.Request.Headers[header].ToString().Trim().ToLowerInvariant();
        return encoding == "identity" ? "" : encoding;
    }

    private static bool IsGrpc(string? contentType) => MediaType(contentType) is "application/grpc" or "application/grpc+proto";

    private static bool IsJson(string? contentType) => MediaType(contentType) == "application/json";

    private static string MediaType(string? contentType) => (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
}

/// <summary>The answer of a proper backend to an invalid request. gRPC uses the HTTP status only for requests that are not gRPC at all (405).</summary>
internal sealed record Refusal(int HttpStatus, int GrpcStatus, string Message);
