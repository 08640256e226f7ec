using EndToEnd.Tests.Otlp;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Harness;

/// <summary>
/// Warms up the backend. Its first requests in this process take longer than a flush, because its code is compiled: they would be cut off, sent again, and
/// arrive twice. So these requests are not the extension's.
/// </summary>
internal static class WarmUp
{
    private static readonly Lazy<Task> Once = new(RunAsync);

    public static Task OnceAsync() => Once.Value;

    private static async Task RunAsync()
    {
        await using var backend = await OtlpBackend.StartAsync();
        using var http = new ReceiverClient(PortOf(backend.HttpUrl));
        using var grpc = new ReceiverClient(PortOf(backend.GrpcUrl));
        foreach (var signal in Enum.GetValues<OtlpSignal>())
            Assert.Equal(200, await http.PostAsync(ReceiverClient.Path(signal), Payloads.Gzip(Payloads.Of(signal, "warm")), encoding: "gzip"));
        Assert.Equal(0, await grpc.CallAsync(ReceiverClient.Frame(Payloads.Gzip(Payloads.Of(OtlpSignal.Traces, "warm")), flag: 1), "gzip"));
    }

    private static string PortOf(string url) => $"{new Uri(url).Port}";
}
