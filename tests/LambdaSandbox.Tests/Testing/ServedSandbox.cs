using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LambdaSandbox.Tests.Testing;

/// <summary>`lambda-sandbox serve` as a program, and its events.</summary>
internal sealed class ServedSandbox : IAsyncDisposable
{
    private readonly List<JsonObject> events = [];
    private readonly Process process;
    private readonly Task reading;
    private readonly Task<string> errors;
    private volatile bool isKilled;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServedSandbox(Process process)
    {
        this.process = process;
        errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        reading = ReadAsync();
    }

    public Uri Url { get; private set; } = null!;

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    public int Pid => process.Id;

    public IReadOnlyList<JsonObject> Events
    {
        get
        {
            lock (events)
                return [.. events];
        }
    }

    public static Task<ServedSandbox> StartAsync(params IEnumerable<string> arguments) => StartAsync(new Dictionary<string, string>(), arguments);

    public static async Task<ServedSandbox> StartAsync(IReadOnlyDictionary<string, string> environment, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "lambda-sandbox.dll"), "serve", "--json", "--port", "0", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var sandbox = new ServedSandbox(Process.Start(start)!);
        try
        {
            var note = await sandbox.WaitAsync("note", item => ((string)item["text"]!).StartsWith("listening on", StringComparison.Ordinal));
            sandbox.Url = new Uri(((string)note["text"]!).Split(' ')[2]);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for the first event of this kind that matches.</summary>
    public async Task<JsonObject> WaitAsync(string type, Func<JsonObject, bool>? fits = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            Task next;
            lock (events)
            {
                next = changed.Task;
                if (events.Find(item => (string)item["event"]! == type && (fits?.Invoke(item) ?? true)) is { } found)
                    return found;
            }

            if (reading.IsCompleted)
                throw new InvalidOperationException($"serve ended without {type}: {await errors}");
            await Task.WhenAny(next, reading).WaitAsync(limit.Token);
        }
    }

    public Task<HttpResponseMessage> InvokeAsync(string payload, params IEnumerable<(string Name, string Value)> headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, "/2015-03-31/functions/anything/invocations")) { Content = new StringContent(payload) };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <param name="signal">INT is Ctrl-C.</param>
    public async Task<int> EndAsync(string signal = "INT")
    {
        using var kill = Process.Start("kill", ["-" + signal, $"{process.Id}"]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            // A shell starts programs in its background so that they ignore SIGINT, and this inherits it.
            Assert.Fail($"`serve` did not end within a minute after SIG{signal}; {File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("SigIgn", StringComparison.Ordinal))}");
        }

        await reading;
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        isKilled = true;
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        await reading;
        process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            // The kill at the end of a test may cut a line off.
            if (isKilled && !line.EndsWith('}'))
                return;
            lock (events)
            {
                events.Add(JsonNode.Parse(line)!.AsObject());
                changed.SetResult();
                changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
