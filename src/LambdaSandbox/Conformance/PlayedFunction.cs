using System.Net;
using System.Net.Http.Headers;

namespace LambdaSandbox.Conformance;

/// <summary>A function inside this process that uses the Runtime API, so that only the extension costs time.</summary>
internal sealed class PlayedFunction(Sandbox sandbox, Action print)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(10);

    /// <summary>Runs until it is cancelled, also over resets.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{sandbox.RuntimeApi}/2018-06-01/runtime/invocation/"), Timeout = Timeout.InfiniteTimeSpan };
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                using var next = await http.GetAsync(new Uri("next", UriKind.Relative), cancellation).ConfigureAwait(false);
                if (next.StatusCode != HttpStatusCode.OK || !await HandleAsync(http, next, cancellation).ConfigureAwait(false))
                    await Task.Delay(Retry, cancellation).ConfigureAwait(false);
            }
            catch (HttpRequestException)
            {
                // The environment was reset or does not exist yet.
                await Task.Delay(Retry, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <returns>False when it did not answer.</returns>
    private async Task<bool> HandleAsync(HttpClient http, HttpResponseMessage next, CancellationToken cancellation)
    {
        var id = next.Headers.GetValues("Lambda-Runtime-Aws-Request-Id").First();
        var order = await next.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        switch (Enum.Parse<Played>(order.Trim('"')))
        {
            case Played.Hangs:
                return false;
            case Played.Exits:
                print();
                sandbox.EndPlayedRuntime(1);
                return false;
            case Played.Fails:
                print();
                using (var error = new StringContent("""{"errorMessage":"as ordered","errorType":"Function.Ordered"}"""))
                {
                    error.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                    error.Headers.Add("Lambda-Runtime-Function-Error-Type", "Function.Ordered");
                    (await http.PostAsync(new Uri($"{id}/error", UriKind.Relative), error, cancellation).ConfigureAwait(false)).Dispose();
                }

                return true;
            default:
                print();
                using (var answer = new StringContent("null"))
                    (await http.PostAsync(new Uri($"{id}/response", UriKind.Relative), answer, cancellation).ConfigureAwait(false)).Dispose();
                return true;
        }
    }
}
