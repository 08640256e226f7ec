using System.Net;
using OpenTelemetry.Exporter;

namespace DemoFunction;

/// <summary>
/// The connection to the extension's OTLP receiver. A receiver that is missing or does not answer costs one short attempt per invocation: after the first
/// failure all further exports of that invocation fail at once.
/// </summary>
internal sealed class LocalReceiver : DelegatingHandler
{
    public const int TimeoutMilliseconds = 250;

    private readonly Uri _endpoint;
    private readonly HttpClient _http;
    private volatile bool _gaveUp;

    public LocalReceiver(Uri endpoint)
        : base(new SocketsHttpHandler { UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null })
    {
        // Avoid a name look-up, for which a static glibc would load the host's name service modules.
        var host = endpoint.Host == "localhost" ? "127.0.0.1" : endpoint.Host;
        _endpoint = new UriBuilder(endpoint) { Host = host, Path = endpoint.AbsolutePath.TrimEnd('/') + "/" }.Uri;
        _http = new HttpClient(this, disposeHandler: false) { Timeout = TimeSpan.FromMilliseconds(TimeoutMilliseconds) };
    }

    public OtlpExporterOptions Options(string path) => new()
    {
        Endpoint = new Uri(_endpoint, path),
        Protocol = OtlpExportProtocol.HttpProtobuf,
        TimeoutMilliseconds = TimeoutMilliseconds,
        HttpClientFactory = () => _http,
    };

    public void TryAgain() => _gaveUp = false;

    /// <summary>Needed because the exporter sends synchronously.</summary>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_gaveUp)
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        try
        {
            return base.Send(request, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            _gaveUp = true;
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        }
    }
}
