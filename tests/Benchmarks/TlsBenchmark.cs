using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using TelemetryExtension.Configuration;
using TelemetryExtension.Network;

namespace Benchmarks;

/// <summary>
/// CPU of the first HTTPS request of a process with the system's full bundle plus the one root that matters: plain .NET against <see
/// cref="OutboundHandler"/>. Each measurement is a new process (this program with other arguments). The server runs here.
/// </summary>
internal static class TlsBenchmark
{
    private const int Rounds = 7;

    /// <summary>Without arguments: measures and prints a table. With "client", mode, URL and bundle: one measurement.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["client", var mode, var url, var bundle])
            return await MeasureAsync(mode, new Uri(url), bundle);

        using var root = TestCertificates.Authority(out var rootKey);
        using var server = TestCertificates.Server(root, rootKey);
        var path = await TestCertificates.WriteBundleAsync(root);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, server);
        Console.WriteLine($"first HTTPS request, CPU ms (median, best of {Rounds} processes); bundle of {new FileInfo(path).Length} bytes");
        foreach (var each in (string[])["naive", "ours"])
        {
            var figures = new List<double>();
            for (var round = 0; round < Rounds; round++)
                figures.Add(await StartAsync(each, $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1/logs", path));
            figures.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{each,-6} {figures[Rounds / 2],8:0.0} {figures[0],8:0.0}"));
        }

        listener.Stop();
        await serving;
        File.Delete(path);
        return 0;
    }

    private static async Task<int> MeasureAsync(string mode, Uri url, string bundle)
    {
        // Plain .NET: the parent process sets SSL_CERT_FILE to the bundle, and .NET does the rest.
        var before = Environment.CpuUsage.TotalTime;
        using var client = new HttpMessageInvoker(mode == "naive" ? new SocketsHttpHandler { UseProxy = false } : OutboundHandler.Create(url, new TlsFiles(new(bundle, "")), maxConnections: 1, new([], TimeProvider.System)));
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(new byte[1000]) };
        using var response = await client.SendAsync(request, CancellationToken.None);
        Console.WriteLine((Environment.CpuUsage.TotalTime - before).TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        return response.IsSuccessStatusCode ? 0 : 1;
    }

    private static async Task<double> StartAsync(string mode, string url, string bundle)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        foreach (var argument in (string[])["tls", "client", mode, url, bundle])
            start.ArgumentList.Add(argument);
        start.Environment["SSL_CERT_FILE"] = bundle;
        using var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? double.Parse(line!, CultureInfo.InvariantCulture) : throw new InvalidOperationException($"{mode}: exit code {process.ExitCode}");
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptTcpClientAsync();
                await using var tls = new SslStream(connection.GetStream());
                await tls.AuthenticateAsServerAsync(certificate);
                var buffer = new byte[8192];
                var read = 0;
                while (!buffer.AsSpan(0, read).EndsWith(new byte[1000]))
                    read += await tls.ReadAsync(buffer.AsMemory(read));
                await tls.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            }
        }
        catch (SocketException)
        {
            // The listener was stopped.
        }
    }
}
