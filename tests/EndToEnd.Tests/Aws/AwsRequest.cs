using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EndToEnd.Tests.Aws;

/// <summary>A request as a service of AWS gets it.</summary>
/// <param name="Target">Path and query as sent.</param>
/// <param name="Body">As sent, perhaps compressed.</param>
internal sealed record AwsRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>The body without compression.</summary>
    public ReadOnlySpan<byte> Content => Unpacked.All(Body).Last().Span;

    public static async Task<AwsRequest> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return new(
            request.Method, request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray());
    }

    /// <summary>Looks for secrets in these requests at the end of this test.</summary>
    public static void Watch(IEnumerable<AwsRequest> requests, string url)
    {
        var receiver = new Receiver($"AWS {url}", IsAws: true, url);
        Exits.OfThisTest.Watch(() => requests.SelectMany(request => Exits.OfRequest(receiver, request.Target, request.Headers, request.Body)));
    }
}
