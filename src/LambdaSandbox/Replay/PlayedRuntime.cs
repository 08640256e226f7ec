namespace LambdaSandbox.Replay;

/// <summary>A runtime that answers every event with null, through the Runtime API like any other.</summary>
internal static class PlayedRuntime
{
    public static async Task RunAsync(string runtimeApi, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{runtimeApi}/2018-06-01/runtime/invocation/"), Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            // Extensions register first, although the runtime's first Next ends only the registration of internal ones.
            while (!cancellation.IsCancellationRequested)
            {
                using var next = await http.GetAsync(new Uri("next", UriKind.Relative), cancellation).ConfigureAwait(false);
                if (!next.IsSuccessStatusCode)
                {
                    await Task.Delay(10, cancellation).ConfigureAwait(false);
                    continue;
                }

                var id = next.Headers.GetValues("Lambda-Runtime-Aws-Request-Id").First();
                using var content = new StringContent("null");
                using var answer = await http.PostAsync(new Uri($"{id}/response", UriKind.Relative), content, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            // The environment has ended.
        }
    }
}
