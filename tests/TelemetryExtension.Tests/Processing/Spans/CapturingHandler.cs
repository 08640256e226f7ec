namespace TelemetryExtension.Tests.Processing.Spans;

/// <summary>Captures what the official exporter would send.</summary>
internal sealed class CapturingHandler : HttpMessageHandler
{
    public List<byte[]> Bodies { get; } = [];

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var copy = new MemoryStream();
        request.Content!.CopyTo(copy, null, cancellationToken);
        Bodies.Add(copy.ToArray());
        return new(System.Net.HttpStatusCode.OK) { Content = new ByteArrayContent([]) };
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(Send(request, cancellationToken));
}
