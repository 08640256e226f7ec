using System.Diagnostics;
using System.Globalization;
using LambdaSandbox.CommandLine;

namespace LambdaSandbox.CloudWatch;

/// <summary>A local CloudWatch Logs by a third party: moto (https://docs.getmoto.org), in a Python process on loopback.</summary>
public sealed class CloudWatchLogsServer : IAsyncDisposable
{
    private const string Install = "pip install 'moto[server]'";

    // The program ends with its standard input, so it cannot outlive a killed sandbox.
    private const string Program =
        """
        import os, sys, threading
        from moto.server import main
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        main(["-H", "127.0.0.1", "-p", sys.argv[1]])
        """;

    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _lastWords = "";

    private CloudWatchLogsServer(Process process, Uri url)
    {
        _process = process;
        Url = url;
        Logs = new CloudWatchLogsReader(url);
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += (_, line) => _lastWords = string.IsNullOrWhiteSpace(line.Data) ? _lastWords : line.Data;
        process.Exited += (_, _) => _ended.TrySetResult();
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The URL for AWS_ENDPOINT_URL_CLOUDWATCH_LOGS.</summary>
    public Uri Url { get; }

    /// <summary>Reads the stored events.</summary>
    public CloudWatchLogsReader Logs { get; }

    /// <exception cref="SandboxException">Python or moto is missing, or does not start.</exception>
    public static async Task<CloudWatchLogsServer> StartAsync(CancellationToken cancellationToken = default)
    {
        var port = FreePort.Find();
        var start = new ProcessStartInfo("python3", ["-c", Program, port.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new SandboxException($"a local CloudWatch Logs needs python3 and moto ({Install}): {exception.Message}", exception);
        }

        var server = new CloudWatchLogsServer(process, new Uri($"http://127.0.0.1:{port}/"));
        try
        {
            await server.ListeningAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Logs.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task ListeningAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        for (var started = Stopwatch.StartNew(); started.Elapsed < StartsWithin;)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(Url, "moto-api/data.json"), cancellationToken);
                // Make moto load its code for logs now, which takes longer than a flush may.
                await Logs.GroupsAsync(cancellationToken: cancellationToken);
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                if (await Task.WhenAny(_ended.Task, Task.Delay(100, cancellationToken)) == _ended.Task)
                    throw new SandboxException($"a local CloudWatch Logs needs moto ({Install}): {_lastWords}", exception);
            }
        }

        throw new SandboxException($"moto did not listen within {StartsWithin.TotalSeconds} s: {_lastWords}");
    }
}
