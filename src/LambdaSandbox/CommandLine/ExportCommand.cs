using System.CommandLine;
using LambdaSandbox.View;

namespace LambdaSandbox.CommandLine;

/// <summary>`lambda-sandbox export`: the telemetry that a running `serve --view` has received, as OTLP JSON.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var url = new Option<string>("--url") { Description = "Where serve listens", DefaultValueFactory = _ => "http://127.0.0.1:9000" };
        var output = new Option<string?>("--output") { Description = "The file; without it, standard output" };
        var command = new Command("export", "Writes what a running `serve --view` has received: OTLP JSON, one request per line") { url, output };
        command.SetAction((parsed, cancellation) => Interruptible.RunAsync(
            stopping => RunAsync(parsed.GetValue(url)!, parsed.GetValue(output), stopping), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string url, string? output, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(url.TrimEnd('/') + TelemetryExport.Path, UriKind.Absolute, out var address))
            throw new SandboxException($"--url: {url} is not an address");
        using var http = new HttpClient();
        try
        {
            using var answer = await http.GetAsync(address, cancellation);
            if (!answer.IsSuccessStatusCode)
                throw new SandboxException($"{url} keeps no telemetry: start `lambda-sandbox serve` with --view");
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            if (output is null)
                await Console.Out.WriteAsync(text);
            else
                await File.WriteAllTextAsync(output, text, cancellation);
            return 0;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{(e is HttpRequestException ? url : output)}: {e.Message}", e);
        }
    }
}
