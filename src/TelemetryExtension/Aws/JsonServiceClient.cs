using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;
using Amazon.Util.Internal;

namespace TelemetryExtension.Aws;

/// <summary>
/// Calls operations of one service in one region with AWSSDK.Core's pipeline: credentials, Signature Version 4, clock skew, HTTP. The extension needs one
/// operation of such a service, and a client package would add hundreds. Thread-safe.
/// </summary>
internal sealed class JsonServiceClient(AWSCredentials credentials, JsonService service, ClientConfig config) : AmazonServiceClient(credentials, config)
{
    /// <param name="endpoint">The URL of the service in this region.</param>
    /// <param name="handler">Replaces the connections, for tests.</param>
    public static JsonServiceClient Create(
        AWSCredentials credentials, JsonService service, string region, Uri endpoint, int maxConnections, HttpMessageHandler? handler = null)
    {
        var config = new Settings(service);
        AwsClientSettings.Apply(config, region, endpoint, maxConnections, handler, retries: 0);
        return new(credentials, service, config);
    }

    /// <returns>The JSON document of the answer. The caller disposes it.</returns>
    /// <exception cref="AmazonServiceException">The service refuses. <see cref="AmazonServiceException.ErrorCode"/> is its name for the reason.</exception>
    public async Task<JsonDocument> CallAsync(string operation, byte[] body, CancellationToken cancellationToken)
    {
        var call = new Operation(service, operation, body);
        var answer = await InvokeAsync<Answer>(new Request(), new InvokeOptions { RequestMarshaller = call, ResponseUnmarshaller = call }, cancellationToken)
            .ConfigureAwait(false);
        return answer.Json ?? throw new AmazonClientException("the service's answer is too long");
    }

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.ReplaceHandler<EndpointResolver>(new ServiceUrlResolver());
        pipeline.AddHandlerAfter<Marshaller>(new SigV4AuthHandler());
        pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new AtOncePolicy()));
    }

    private sealed class Request : AmazonWebServiceRequest;

    private sealed class Answer : AmazonWebServiceResponse
    {
        /// <summary>Null when the answer is too long. The SDK would hide the message of an exception.</summary>
        public JsonDocument? Json { get; set; }
    }

    private sealed class Settings : ClientConfig
    {
        private static readonly IDefaultConfiguration[] Defaults = [new DefaultConfiguration { Name = DefaultConfigurationMode.Standard, RetryMode = RequestRetryMode.Standard }];

        private readonly JsonService _service;

        public Settings(JsonService service)
            : base(new DefaultConfigurationProvider(Defaults.AsEnumerable()))
        {
            _service = service;
            ServiceId = service.Id;
            AuthenticationServiceName = service.SigningName;
            UserAgent = InternalSDKUtils.BuildUserAgentString(service.Id, "4.0.0");
        }

        public override string RegionEndpointServiceName => _service.SigningName;

        public override string ServiceVersion => "";

        public override string UserAgent { get; }

        public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) => new(ServiceURL);
    }

    private sealed class Operation(JsonService service, string name, byte[] body) : JsonResponseUnmarshaller, IMarshaller<IRequest, AmazonWebServiceRequest>
    {
        public IRequest Marshall(AmazonWebServiceRequest input)
        {
            var request = new DefaultRequest(input, service.Id) { HttpMethod = "POST", ResourcePath = "/", Content = body };
            request.Headers["X-Amz-Target"] = $"{service.Target}.{name}";
            request.Headers["Content-Type"] = "application/x-amz-json-1.1";
            return request;
        }

        public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext context)
        {
            var answer = LimitedBody.Read(context.Stream, LimitedBody.MaxAnswerBytes);
            return new Answer { Json = answer.Length < LimitedBody.MaxAnswerBytes ? JsonDocument.Parse(answer) : null };
        }

        public override AmazonServiceException UnmarshallException(JsonUnmarshallerContext context, Exception innerException, HttpStatusCode statusCode)
        {
            var error = ServiceError.Read(context);
            return new(error.Message, innerException, ErrorType.Unknown, error.Code, error.RequestId, statusCode);
        }
    }
}
