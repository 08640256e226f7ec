using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Backend;

/// <summary>Answers one request: properly, or as a <see cref="Fault"/> demands.</summary>
/// <param name="closing">Called just before the answer is sent, if there is one.</param>
internal sealed class Reply(
    HttpContext context, ReceivedRequest request, Inbox inbox, OtlpBackendOptions options, Action closing, CancellationToken cancellationToken)
{
    private static readonly JsonFormatter Json = new(new JsonFormatter.Settings(
        formatDefaultValues: false, TypeRegistry.FromMessages(RetryInfo.Descriptor)).WithFormatEnumsAsIntegers(true));

    private bool IsGrpc => request.Protocol == OtlpProtocol.Grpc;

    public async Task SendAsync(Fault fault, Refusal? refusal)
    {
        if (fault.Delay > TimeSpan.Zero)
            await Task.Delay(fault.Delay, options.Time, cancellationToken);
        if (fault.Taken && refusal is null)
            inbox.Accept(request, rejected: 0);
        if (fault is not Fault.Hang)
            closing();

        switch (fault)
        {
            case Fault.Acceptance acceptance when refusal is null:
                await AcceptAsync(acceptance);
                break;
            case Fault.Acceptance:
                await RefuseAsync(refusal!);
                break;
            case Fault.HttpAnswer answer:
                foreach (var (name, value) in answer.Headers)
                    context.Response.Headers[name] = value;
                await HttpErrorAsync(answer.Status, new Status { Code = GrpcStatus.FromHttp(answer.Status), Message = answer.Message }, answer.Body);
                break;
            case Fault.GrpcAnswer answer:
                await GrpcAnswerAsync(answer);
                break;
            case Fault.Hang hang:
                if (hang.BodyStarted)
                    await BeginAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, options.Time, cancellationToken);
                break;
            case Fault.Truncation:
                await BeginAsync();
                break;
            case Fault.ConnectionReset:
                Wire.ResetConnection(context);
                break;
            case Fault.StreamReset reset:
                Wire.ResetStream(context, reset.ErrorCode);
                break;
            case Fault.ConnectionGoAway goAway:
                await Wire.GoAwayAsync(context, goAway.ErrorCode, options.Time);
                break;
        }
    }

    private async Task AcceptAsync(Fault.Acceptance acceptance)
    {
        inbox.Accept(request, acceptance.Rejected);
        if (acceptance.ClosesConnection)
            Wire.CloseGracefully(context);
        var response = OtlpMessages.Response(request.Signal!.Value, acceptance.Rejected, acceptance.Message);
        if (!IsGrpc)
        {
            await HttpAsync(200, response);
            return;
        }

        inbox.Answer(request, 200, GrpcStatus.Ok);
        var compress = options.CompressResponses && Accepts("grpc-accept-encoding");
        if (compress)
            context.Response.Headers["grpc-encoding"] = "gzip";
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(
            GrpcFrame.Write(compress ? RequestBody.Gzip(response.ToByteArray()) : response.ToByteArray(), compress), cancellationToken);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private async Task RefuseAsync(Refusal refusal)
    {
        if (IsGrpc && refusal.HttpStatus != 405)
        {
            if (refusal.GrpcStatus == GrpcStatus.Unimplemented)
                context.Response.Headers["grpc-accept-encoding"] = "identity,gzip";
            GrpcStatusHeaders(context.Response.Headers, new Status { Code = refusal.GrpcStatus, Message = refusal.Message });
            inbox.Answer(request, 200, refusal.GrpcStatus);
            return;
        }

        if (refusal.HttpStatus == 405)
            context.Response.Headers.Allow = "POST";
        await HttpErrorAsync(refusal.HttpStatus, new Status { Code = GrpcStatus.FromHttp(refusal.HttpStatus), Message = refusal.Message });
    }

    private async Task GrpcAnswerAsync(Fault.GrpcAnswer answer)
    {
        var status = new Status { Code = answer.Status, Message = answer.Message };
        if (answer.RetryDelay is { } delay)
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
        if (!IsGrpc)
        {
            await HttpErrorAsync(GrpcStatus.ToHttp(answer.Status), status);
            return;
        }

        inbox.Answer(request, 200, answer.Status);
        if (answer.TrailersOnly)
        {
            GrpcStatusHeaders(context.Response.Headers, status);
            return;
        }

        context.Response.ContentType = "application/grpc";
        await context.Response.StartAsync(cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
        var trailers = new HeaderDictionary();
        GrpcStatusHeaders(trailers, status);
        foreach (var (name, value) in trailers.Where(trailer => trailer.Key != "Content-Type"))
            context.Response.AppendTrailer(name, value);
    }

    private static void GrpcStatusHeaders(IHeaderDictionary headers, Status status)
    {
        headers.ContentType = "application/grpc";
        headers["grpc-status"] = status.Code.ToString(CultureInfo.InvariantCulture);
        if (status.Message.Length > 0)
            headers["grpc-message"] = Uri.EscapeDataString(status.Message);
        if (status.Details.Count > 0)
            headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray()).TrimEnd('=');
    }

    /// <summary>Sends the fault's own body, or the status in the request's content type (as text for other types).</summary>
    private async Task HttpErrorAsync(int httpStatus, Status status, byte[]? body = null)
    {
        if (IsGrpc || body is not null || httpStatus is 415 or 405)
        {
            context.Response.ContentType ??= "text/plain; charset=utf-8";
            await HttpBytesAsync(httpStatus, body ?? System.Text.Encoding.UTF8.GetBytes(status.Message));
            return;
        }

        await HttpAsync(httpStatus, status);
    }

    private async Task HttpAsync(int httpStatus, IMessage message)
    {
        var json = request.Protocol == OtlpProtocol.HttpJson;
        context.Response.ContentType = json ? "application/json" : "application/x-protobuf";
        await HttpBytesAsync(httpStatus, json ? System.Text.Encoding.UTF8.GetBytes(Json.Format(message)) : message.ToByteArray());
    }

    private async Task HttpBytesAsync(int httpStatus, byte[] body)
    {
        if (body.Length > 0 && options.CompressResponses && Accepts("accept-encoding"))
        {
            body = RequestBody.Gzip(body);
            context.Response.Headers.ContentEncoding = "gzip";
        }

        context.Response.StatusCode = httpStatus;
        inbox.Answer(request, httpStatus, null);
        if (httpStatus is < 200 or 204 or 304)
            return;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, cancellationToken);
    }

    /// <summary>Sends the headers of a success, and less of the body than they announce.</summary>
    private async Task BeginAsync()
    {
        context.Response.ContentType = IsGrpc ? "application/grpc"
            : request.Protocol == OtlpProtocol.HttpJson ? "application/json" : "application/x-protobuf";
        context.Response.ContentLength = 100;
        await context.Response.Body.WriteAsync(new byte[3], cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }

    private bool Accepts(string header) =>
        context.Request.Headers[header].ToString().Split(',').Any(encoding => encoding.Split(';')[0].Trim() == "gzip");
}
