using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Local;

/// <summary>One page of a headless Chromium, controlled with the DevTools protocol.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly string profile;
    private readonly ClientWebSocket socket = new();
    private int number;

    private Browser(Process process, string profile) => (this.process, this.profile) = (process, profile);

    /// <summary>Skips the test without Chromium.</summary>
    public static async Task<Browser> StartAsync(Uri url)
    {
        var chromium = Tool.Require("chromium");
        var profile = Directory.CreateTempSubdirectory("browser-").FullName;
        var start = new ProcessStartInfo(
            chromium,
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0",
                "--window-size=1600,1000", $"--user-data-dir={profile}", "about:blank",
            ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var browser = new Browser(Process.Start(start)!, profile);
        try
        {
            await browser.ConnectAsync();
            await browser.CallAsync("Page.enable");
            await browser.GoAsync(url);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    public Task GoAsync(Uri url) => CallAsync("Page.navigate", new JsonObject { ["url"] = url.ToString() });

    /// <summary>Waits until a JavaScript expression is neither false nor empty, and returns its value.</summary>
    public async Task<JsonNode> UntilAsync(string expression)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < Patience)
        {
            var answer = await CallAsync("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
            if (answer["result"]?["value"] is { } value && value.ToJsonString() is not ("false" or "null" or "\"\"" or "0" or "[]"))
                return value;
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        var text = await CallAsync("Runtime.evaluate", new JsonObject { ["expression"] = "document.body.innerText", ["returnByValue"] = true });
        throw new TimeoutException($"{expression} did not come true; the page shows:\n{text["result"]?["value"]}");
    }

    public Task<JsonNode> UntilTextAsync(string text) => UntilAsync($"document.body.innerText.includes({Quote(text)})");

    /// <summary>Clicks the innermost element with this text.</summary>
    public Task ClickAsync(string text, string selector = "*") => UntilAsync(
        $$"""
        (() => {
          const all = [...document.querySelectorAll({{Quote(selector)}})].filter(e => e.textContent.includes({{Quote(text)}}) && e.getClientRects().length);
          if (!all.length) return false;
          all[all.length - 1].click();
          return true;
        })()
        """);

    /// <summary>Clicks until another text appears: while a page loads, the text may stand elsewhere too.</summary>
    public Task ClickUntilTextAsync(string text, string then, string selector = "*") => UntilAsync(
        $$"""
        (async () => {
          const all = [...document.querySelectorAll({{Quote(selector)}})].filter(e => e.textContent.includes({{Quote(text)}}) && e.getClientRects().length);
          if (all.length) all[all.length - 1].click();
          await new Promise(resolve => setTimeout(resolve, 2000));
          return document.body.innerText.includes({{Quote(then)}});
        })()
        """);

    public async Task ScreenshotAsync(string path)
    {
        var answer = await CallAsync("Page.captureScreenshot", new JsonObject { ["format"] = "png" });
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, Convert.FromBase64String((string)answer["data"]!), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        for (var attempt = 0; attempt < 20 && Directory.Exists(profile); attempt++)
        {
            try
            {
                Directory.Delete(profile, recursive: true);
            }
            catch (IOException)
            {
                // Its last processes may still write files.
                await Task.Delay(100);
            }
        }
    }

    private static string Quote(string text) => JsonValue.Create(text).ToJsonString();

    private async Task ConnectAsync()
    {
        const string announcement = "DevTools listening on ";
        using var limit = new CancellationTokenSource(Patience);
        string? address = null;
        while (address is null && await process.StandardError.ReadLineAsync(limit.Token) is { } line)
            if (line.StartsWith(announcement, StringComparison.Ordinal))
                address = line[announcement.Length..];
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        using var http = new HttpClient();
        var pages = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://{new Uri(address!).Authority}/json"), limit.Token))!.AsArray();
        var page = pages.First(each => (string?)each!["type"] == "page")!;
        await socket.ConnectAsync(new Uri((string)page["webSocketDebuggerUrl"]!), limit.Token);
    }

    private async Task<JsonNode> CallAsync(string method, JsonObject? parameters = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        var id = ++number;
        var request = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        await socket.SendAsync(Encoding.UTF8.GetBytes(request.ToJsonString()), WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            using var message = new MemoryStream();
            var buffer = new byte[64 * 1024];
            WebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer, limit.Token);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            var answer = JsonNode.Parse(message.ToArray())!;
            if ((int?)answer["id"] == id)
                return answer["result"] ?? throw new InvalidOperationException(answer.ToJsonString());
        }
    }
}
