using System.Buffers;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Amazon.CloudWatchLogs.Model;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;
using TelemetryExtension.Aws;

namespace Amazon.CloudWatchLogs.Internal;

/// <summary>One operation of the AWS JSON 1.1 protocol: writes its request, reads its response, and maps its errors to exceptions.</summary>
internal sealed class JsonOperation<TRequest, TResponse>(
    string name, Action<Utf8JsonWriter, TRequest> write, Action<JsonElement, TResponse>? read = null)
    : JsonResponseUnmarshaller, IMarshaller<IRequest, AmazonWebServiceRequest>
    where TRequest : AmazonCloudWatchLogsRequest
    where TResponse : AmazonWebServiceResponse, new()
{
    // The body is never embedded in HTML, so quotes and non-ASCII letters need no six-byte escapes.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, Options))
        {
            json.WriteStartObject();
            write(json, (TRequest)input);
            json.WriteEndObject();
        }

        var request = new DefaultRequest(input, "Amazon.CloudWatchLogs") { HttpMethod = "POST", ResourcePath = "/", Content = body.WrittenSpan.ToArray() };
        request.Headers["X-Amz-Target"] = "Logs_20140328." + name;
        request.Headers["Content-Type"] = "application/x-amz-json-1.1";
        return request;
    }

    public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext context)
    {
        var response = new TResponse();
        if (read is null)
            return response;
        using var document = JsonDocument.Parse(context.Stream);
        read(document.RootElement, response);
        return response;
    }

    public override AmazonServiceException UnmarshallException(JsonUnmarshallerContext context, Exception innerException, HttpStatusCode statusCode)
    {
        var error = ServiceError.Read(context);
        return error.Code switch
        {
            nameof(ResourceNotFoundException) => new ResourceNotFoundException(error.Message, innerException, ErrorType.Unknown, error.Code, error.RequestId, statusCode),
            nameof(ResourceAlreadyExistsException) => new ResourceAlreadyExistsException(error.Message, innerException, ErrorType.Unknown, error.Code, error.RequestId, statusCode),
            nameof(InvalidParameterException) => new InvalidParameterException(error.Message, innerException, ErrorType.Unknown, error.Code, error.RequestId, statusCode),
            nameof(OperationAbortedException) => new OperationAbortedException(error.Message, innerException, ErrorType.Unknown, error.Code, error.RequestId, statusCode),
            nameof(ServiceUnavailableException) => new ServiceUnavailableException(error.Message, innerException, ErrorType.Unknown, error.Code, error.RequestId, statusCode),
            _ => new AmazonCloudWatchLogsException(error.Message, innerException, ErrorType.Unknown, error.Code, error.RequestId, statusCode),
        };
    }
}
