using System.Globalization;
using Microsoft.AspNetCore.Http;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>OTLP/HTTP: POST /v1/traces, /v1/metrics, /v1/logs, binary protobuf and JSON (OTLP specification 1.x, "OTLP/HTTP").</summary>
internal sealed class OtlpHttpReceiver(OtlpIntake intake)
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    public async Task HandleAsync(HttpExchange exchange)
    {
        var json = IsType(exchange.RequestHeaders.ContentType, Json);
        var failure = Route(exchange, json, out var signal, out var gzip);
        if (failure.Code is not 0)
        {
            await FailAsync(exchange, json, failure.Code, failure.Rpc, failure.Message).ConfigureAwait(false);
            return;
        }

        intake.InFlight.Enter();
        try
        {
            using var lease = intake.Lease();
            var result = await ReceiveAsync(exchange, signal, new(json, gzip), lease).ConfigureAwait(false);
            if (result is { } answer)
                await AnswerAsync(exchange, json, answer).ConfigureAwait(false);
        }
        finally
        {
            intake.InFlight.Leave();
        }
    }

    /// <summary>Returns null when nobody waits for an answer any more.</summary>
    private async ValueTask<IntakeResult?> ReceiveAsync(HttpExchange exchange, Signal signal, RequestEncoding encoding, ByteLease lease)
    {
        if (intake.RefuseUnread(signal, exchange.ContentLength) is { } full)
            return full;
        var keep = encoding is { Json: false, Gzip: false };
        var body = await RequestBody.ReadAsync(exchange.RequestBody, exchange.ContentLength, intake.MaxRequestBytes, lease, keep).ConfigureAwait(false);
        if (body.Body is not null)
            return intake.Accept(signal, body.Body, encoding, lease);
        if (body.Status is BodyStatus.Aborted)
            return null;
        var refused = intake.Refuse(signal, new(body.Status, Problem: "the body ended early or arrived too slowly"));
        if (body.Status is not BodyStatus.BadRequest)
            return refused;
        await FailAsync(exchange, encoding.Json, body.HttpStatus, RpcCode.InvalidArgument, refused.Message).ConfigureAwait(false);
        return null;
    }

    private static (int Code, RpcCode Rpc, string Message) Route(HttpExchange exchange, bool json, out Signal signal, out bool gzip)
    {
        gzip = false;
        switch (exchange.Path)
        {
            case "/v1/traces":
                signal = Signal.Traces;
                break;
            case "/v1/metrics":
                signal = Signal.Metrics;
                break;
            case "/v1/logs":
                signal = Signal.Logs;
                break;
            default:
                signal = default;
                return (StatusCodes.Status404NotFound, RpcCode.NotFound, "no such path; there are /v1/traces, /v1/metrics and /v1/logs");
        }

        if (!HttpMethods.IsPost(exchange.Method))
        {
            exchange.ResponseHeaders.Allow = "POST";
            return (StatusCodes.Status405MethodNotAllowed, RpcCode.Unimplemented, "only POST is allowed");
        }

        if (!json && !IsType(exchange.RequestHeaders.ContentType, Protobuf))
            return (StatusCodes.Status415UnsupportedMediaType, RpcCode.InvalidArgument, $"Content-Type must be {Protobuf} or {Json}");
        var encoding = exchange.RequestHeaders.ContentEncoding;
        // RFC 9110 8.4.1.3: the two names are synonyms.
        gzip = IsType(encoding, "gzip") || IsType(encoding, "x-gzip");
        return gzip || string.IsNullOrEmpty(encoding) || IsType(encoding, "identity")
            ? default
            : (StatusCodes.Status415UnsupportedMediaType, RpcCode.InvalidArgument, "Content-Encoding must be gzip or identity");
    }

    private static Task AnswerAsync(HttpExchange exchange, bool json, IntakeResult result)
    {
        switch (result.Status)
        {
            case IntakeStatus.Accepted:
                return exchange.AnswerAsync(StatusCodes.Status200OK, json ? Json : Protobuf, json ? "{}"u8.ToArray() : default(ReadOnlyMemory<byte>));
            case IntakeStatus.Full:
                exchange.ResponseHeaders.RetryAfter = ((int)OtlpIntake.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                return FailAsync(exchange, json, StatusCodes.Status429TooManyRequests, RpcCode.Unavailable, result.Message);
            case IntakeStatus.TooLarge:
                return FailAsync(exchange, json, StatusCodes.Status413PayloadTooLarge, RpcCode.ResourceExhausted, result.Message);
            default:
                return FailAsync(exchange, json, StatusCodes.Status400BadRequest, RpcCode.InvalidArgument, result.Message);
        }
    }

    /// <summary>Answers in the request's own content type, or in JSON when that is neither of the two.</summary>
    private static Task FailAsync(HttpExchange exchange, bool json, int status, RpcCode code, string message) =>
        !json && IsType(exchange.RequestHeaders.ContentType, Protobuf)
            ? exchange.AnswerAsync(status, Protobuf, RpcStatus.Protobuf(code, message))
            : exchange.AnswerAsync(status, Json, RpcStatus.Json(code, message));

    /// <summary>Whether a header value is the given one, without its parameters and ignoring case.</summary>
    private static bool IsType(string? value, string type)
    {
        var text = value.AsSpan();
        var parameters = text.IndexOf(';');
        return (parameters < 0 ? text : text[..parameters]).Trim().Equals(type, StringComparison.OrdinalIgnoreCase);
    }
}
