using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

/// <summary>
/// A third-party CloudWatch Logs server (moto) on loopback, for the tests of one class. <see cref="Missing"/> is the reason when there is none.
/// </summary>
public sealed class MotoServer : IAsyncLifetime
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);
    private Process? _process;

    public string? Missing { get; private set; }

    public Uri Url { get; private set; } = new("http://127.0.0.1/");

    internal AwsOptions Aws => FakeCloudWatchLogs.Aws with { LogsEndpoint = Url.ToString() };

    public async ValueTask InitializeAsync()
    {
        var port = FreePort();
        Url = new($"http://127.0.0.1:{port}/");
        try
        {
            _process = Process.Start(new ProcessStartInfo("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", port.ToString()])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            Missing = "python3 cannot be started: " + exception.Message;
            return;
        }

        var said = "";
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += (_, line) => said = line.Data ?? said;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        for (var started = Stopwatch.StartNew(); started.Elapsed < StartsWithin;)
        {
            if (_process.HasExited)
            {
                Missing = "moto cannot be started (pip install 'moto[server]'): " + said;
                return;
            }

            try
            {
                using var answer = await http.GetAsync(new Uri(Url, "moto-api/data.json"));
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100);
            }
        }

        Missing = $"moto did not listen within {StartsWithin.TotalSeconds} s";
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
