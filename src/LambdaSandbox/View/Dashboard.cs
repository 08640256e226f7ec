using System.Diagnostics;
using LambdaSandbox.CommandLine;
using LambdaSandbox.Processes;

namespace LambdaSandbox.View;

/// <summary>The Aspire dashboard as a process on loopback ports. It ends with this process in every case.</summary>
internal sealed class Dashboard : IAsyncDisposable
{
    private const int UsualPort = 18888;
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly string home;

    private Dashboard(Process process, string home, int port, int otlp)
    {
        (this.process, this.home) = (process, home);
        Url = new Uri($"http://127.0.0.1:{port}/");
        OtlpUrl = new Uri($"http://127.0.0.1:{otlp}/");
    }

    /// <summary>The URL for the browser.</summary>
    public Uri Url { get; }

    /// <summary>The URL for OTLP over HTTP.</summary>
    public Uri OtlpUrl { get; }

    /// <param name="port">0 chooses the default port when it is free, otherwise any.</param>
    /// <returns>Null with the reason when no dashboard is available.</returns>
    public static async Task<(Dashboard? Dashboard, string? Reason)> StartAsync(int port, Action<string> note, CancellationToken cancellation)
    {
        if (DashboardPackage.Find(note, out var reason) is not { } program)
            return (null, reason);
        if (port == 0)
            port = FreePort.IsFree(UsualPort) ? UsualPort : FreePort.Find();
        var (grpc, http) = (FreePort.Find(), FreePort.Find());
        var home = Directory.CreateTempSubdirectory("lambda-sandbox-").FullName;
        Guardian.Remove(home);
        var start = new ProcessStartInfo(Tools.Setsid, [program])
        {
            WorkingDirectory = Path.GetDirectoryName(program),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://127.0.0.1:{grpc}",
            ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = $"http://127.0.0.1:{http}",
            ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true",
            ["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["DASHBOARD__APPLICATIONNAME"] = "Lambda",
            ["HOME"] = home,
            ["TMPDIR"] = home,
            ["PATH"] = "/usr/bin:/bin",
        })
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        Guardian.Watch(process.Id);
        process.OutputDataReceived += static (_, _) => { };
        var last = "";
        process.ErrorDataReceived += (_, line) => last = string.IsNullOrWhiteSpace(line.Data) ? last : line.Data;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var dashboard = new Dashboard(process, home, port, http);
        if (await dashboard.AnswersAsync(cancellation).ConfigureAwait(false))
            return (dashboard, null);
        await dashboard.DisposeAsync().ConfigureAwait(false);
        return (null, $"the dashboard did not start: {last}");
    }

    public async ValueTask DisposeAsync()
    {
        Native.SignalGroup(process.Id, Native.SigKill);
        await process.WaitForExitAsync().ConfigureAwait(false);
        Guardian.Release(process.Id);
        process.Dispose();
        Directory.Delete(home, recursive: true);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < StartsWithin && !process.HasExited)
        {
            try
            {
                using var answer = await http.GetAsync(Url, cancellation).ConfigureAwait(false);
                return true;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(100, cancellation).ConfigureAwait(false);
            }
        }

        return false;
    }
}
