using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using EndToEnd.Tests.Tools;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Harness;

/// <summary>
/// The published binary with Lambda's side of its connection, byte by byte: for answers that no Lambda should send, and for ways to start it that the
/// sandbox lacks. There is no function.
/// </summary>
internal sealed class BareLambda : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly TemporaryFolder _folder = new();
    private readonly TcpListener _api = new(IPAddress.Loopback, 0);
    private readonly Channel<Call> _calls = Channel.CreateUnbounded<Call>();
    private readonly List<string> _lines = [];
    private readonly ConcurrentQueue<string> _errors = [];
    private readonly ConcurrentQueue<string> _requests = [];
    private readonly List<Call> _open = [];
    private Process? _process;
    private Task _output = Task.CompletedTask;

    private BareLambda(OtlpBackend backend)
    {
        Backend = backend;
        _api.Start();
        _ = Task.Run(AcceptAsync);
    }

    public OtlpBackend Backend { get; }

    /// <summary>Its writable folder. opt/extensions below it is the extensions folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>The binary. Tests may create links, copies and scripts beside it.</summary>
    public string Binary => _folder.File("opt/extensions/telemetry-extension");

    public int HttpPort { get; } = int.Parse(FreePort.Find(), System.Globalization.CultureInfo.InvariantCulture);

    public int GrpcPort { get; } = int.Parse(FreePort.Find(), System.Globalization.CultureInfo.InvariantCulture);

    public int TelemetryPort { get; private set; }

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Raw bytes that replace the answer to a path with this ending. Null closes the connection without an answer.</summary>
    public Dictionary<string, Queue<string?>> Answers { get; } = [];

    /// <summary>The number of lines when the call with <see cref="SlowPath"/> was answered.</summary>
    private readonly TaskCompletionSource<int> _linesWhenSlow = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A path whose answer is half a second late.</summary>
    public string? SlowPath { get; set; }

    /// <summary>The number of lines that the extension had written by then.</summary>
    public Task<int> LinesWhenSlow => _linesWhenSlow.Task;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public string Log => string.Join('\n', Lines);

    public bool HasExited => _process!.HasExited;

    public int Pid => _process!.Id;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<BareLambda> CreateAsync()
    {
        var lambda = new BareLambda(await Watched.BackendAsync());
        Exits.OfThisTest.Watch(Receiver.Log, () => lambda.Lines);
        Exits.OfThisTest.Watch(Receiver.Log, () => [.. lambda._errors]);
        Exits.OfThisTest.Watch(new Receiver("Lambda's API", IsAws: false), () => [.. lambda._requests]);
        using var layer = ZipFile.OpenRead(Artifacts.LayerZip);
        Directory.CreateDirectory(Path.GetDirectoryName(lambda.Binary)!);
        layer.GetEntry("extensions/telemetry-extension")!.ExtractToFile(lambda.Binary);
        File.SetUnixFileMode(lambda.Binary, (UnixFileMode)0x1ED);
        return lambda;
    }

    /// <param name="script">A shell command in which $0 is the binary. Its standard output is read unless redirected.</param>
    /// <param name="reads">False leaves its output unread, though the pipe stays open.</param>
    public void Start(string script = "exec \"$0\"", bool reads = true) => Start(["/bin/sh", "-c", script, Binary], reads);

    public void Start(IReadOnlyList<string> command, bool reads = true)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        start.Environment.Clear();
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
            ["AWS_LAMBDA_RUNTIME_API"] = _api.LocalEndpoint.ToString()!,
            ["AWS_LAMBDA_FUNCTION_NAME"] = "orders",
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "128",
            ["AWS_REGION"] = "eu-west-1",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Backend.HttpUrl,
            ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = $"{HttpPort}",
            ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = $"{GrpcPort}",
            ["TELEMETRY_EXTENSION_SPOOL_DIRECTORY"] = _folder.File("spool"),
            ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "end",
        }.Concat(Environment))
            start.Environment[name] = value;
        DefaultKeys.AddTo(start.Environment!, Backend);
        _process = Process.Start(start)!;
        // What a crash prints is not in the log of these tests, but may have no secret either.
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
        if (reads)
            _output = Task.Run(ReadOutputAsync, Cancellation);
    }

    /// <summary>The next call of the Extensions or Telemetry API that this class does not answer itself, which is Next.</summary>
    public async Task<Call> NextAsync(TimeSpan? patience = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(patience ?? Patience);
        try
        {
            var call = await _calls.Reader.ReadAsync(limit.Token);
            _open.Add(call);
            return call;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the extension did not call Next; exited: {_process!.HasExited}\n{Log}");
        }
    }

    /// <summary>Answers Next in the same way for a while, and returns the number of calls.</summary>
    public async Task<int> AnswerForAsync(TimeSpan time, Func<Call, Task> answer)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var count = 0; ; count++)
        {
            var left = time - TimeProvider.System.GetElapsedTime(started);
            try
            {
                await answer(await NextAsync(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1)));
            }
            catch (TimeoutException)
            {
                return count;
            }
        }
    }

    /// <summary>Runs a whole invocation with one line of the function, from this Next to the following one.</summary>
    public async Task<Call> InvokeAsync(Call next, string requestId)
    {
        await next.AnswerAsync($$"""{"eventType":"INVOKE","deadlineMs":{{Now + 5000}},"requestId":"{{requestId}}","invokedFunctionArn":"arn:aws:lambda:eu-west-1:1:function:orders"}""");
        await PostAsync("function", $"\"line of {requestId}\"");
        await PostAsync("platform.start", $$"""{"requestId":"{{requestId}}","version":"$LATEST"}""");
        await PostAsync("platform.runtimeDone", $$"""{"requestId":"{{requestId}}","status":"success"}""");
        return await NextAsync();
    }

    public async Task<int> ShutDownAsync(Call next)
    {
        await next.AnswerAsync($$"""{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":{{Now + 2000}}}""");
        return await ExitAsync(TimeSpan.FromSeconds(2.5));
    }

    /// <summary>Waits for the end of the process, and of its output.</summary>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        soon.CancelAfter(limit);
        try
        {
            await _process!.WaitForExitAsync(soon.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the extension did not end within {limit}\n{Log}");
        }

        await _output.WaitAsync(soon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.Empty(Outcome.BrokenRules(Backend).Concat(EmbeddedMetrics.BrokenRules(Lines)));
        return _process.ExitCode;
    }

    /// <summary>Stops the Extensions API. Existing connections are reset.</summary>
    public void CloseApi()
    {
        _api.Dispose();
        while (_calls.Reader.TryRead(out var call))
            call.Reset();
        _open.ForEach(static call => call.Reset());
    }

    /// <summary>Posts a batch of the Telemetry API with one record.</summary>
    public async Task PostAsync(string type, string record)
    {
        using var http = new HttpClient();
        using var content = new StringContent($$"""[{"time":"{{DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}","type":"{{type}}","record":{{record}} }]""");
        using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{TelemetryPort}/"), content, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        if (_process is { HasExited: false })
            _process.Kill(entireProcessTree: true);
        _process?.Dispose();
        await Backend.DisposeAsync();
        Exits.OfThisTest.SawFolder(_folder.File("spool"));
        _folder.Dispose();
    }

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private async Task ReadOutputAsync()
    {
        while (await _process!.StandardOutput.ReadLineAsync() is { } line)
            lock (_lines)
                _lines.Add(line);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _api.AcceptSocketAsync();
                _ = Task.Run(() => ServeAsync(socket));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            while (await ReadAsync(stream) is { } request)
            {
                _requests.Enqueue(request);
                var call = new Call(request, stream);
                if (SlowPath is not null && call.Path.EndsWith(SlowPath, StringComparison.Ordinal))
                {
                    await Task.Delay(500);
                    _linesWhenSlow.TrySetResult(Lines.Count);
                }

                if (Answers.GetValueOrDefault(call.Path.Split('/')[^1]) is { Count: > 0 } scripted)
                {
                    if (scripted.Dequeue() is not { } raw)
                        return;
                    await call.RawAsync(raw);
                }
                else if (call.Path.EndsWith("/register", StringComparison.Ordinal))
                    await call.AnswerAsync("""{"functionName":"orders","functionVersion":"$LATEST","accountId":"123456789012"}""", "Lambda-Extension-Identifier: id-1\r\n");
                else if (call.Path.EndsWith("/telemetry", StringComparison.Ordinal))
                {
                    TelemetryPort = new Uri(JsonNode.Parse(call.Body)!["destination"]!["URI"]!.GetValue<string>()).Port;
                    await call.AnswerAsync("\"OK\"");
                }
                else
                {
                    _calls.Writer.TryWrite(call);
                    await call.Answered.Task;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException)
        {
            // The extension has ended or abandoned this connection.
        }
    }

    private static async Task<string?> ReadAsync(NetworkStream stream)
    {
        var (buffer, text) = (new byte[8192], "");
        while (true)
        {
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                var length = text.Split("Content-Length: ") is [_, var rest, ..] ? int.Parse(rest.Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture) : 0;
                if (text.Length >= end + 4 + length)
                    return text;
            }

            var read = await stream.ReadAsync(buffer);
            if (read == 0)
                return null;
            text += Encoding.UTF8.GetString(buffer, 0, read);
        }
    }

    /// <summary>One request of the extension.</summary>
    internal sealed class Call(string request, NetworkStream stream)
    {
        public string Path { get; } = request.Split(' ')[1];

        public string Body { get; } = request.Split("\r\n\r\n", 2)[1];

        public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string? Header(string name) => request.Split('\n').Select(line => line.Trim().Split(": ", 2))
            .FirstOrDefault(parts => parts.Length == 2 && parts[0].Equals(name, StringComparison.OrdinalIgnoreCase))?[1];

        public Task AnswerAsync(string json, string headers = "") =>
            RawAsync($"HTTP/1.1 200 OK\r\n{headers}Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}");

        public async Task RawAsync(string answer)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer));
            Answered.TrySetResult();
        }

        public void Reset()
        {
            stream.Socket.LingerState = new(true, 0);
            stream.Dispose();
            Answered.TrySetResult();
        }
    }
}
