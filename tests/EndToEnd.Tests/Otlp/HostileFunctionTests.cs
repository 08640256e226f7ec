using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;

namespace EndToEnd.Tests.Otlp;

/// <summary>The function's own code is the only one that can reach the extension's ports. Here it means harm, on all of them, for half a minute.</summary>
[Trait("Category", "Slow")]
[Collection(nameof(Alone))]
public sealed class HostileFunctionTests
{
    private const int MemoryMb = 128;

    /// <summary>The limit of the managed heap (64 MiB), and the pages of the binary, its stacks and sockets.</summary>
    private const int CeilingMiB = 64 + 24;

    /// <summary>Drop reasons for what the attackers sent. Nothing that the function or Lambda sent may be dropped.</summary>
    private static readonly string[] Reasons = ["malformed", "too_large"];

    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(30);

    /// <summary>What each attacker does with a connection.</summary>
    private static readonly Func<NetworkStream, Random, CancellationToken, Task>[] Attacks = [Garbage, SlowHead, HoldsOpen, EndlessBody, Bomb, BrokenHttp2, NestedJson, CutOff, Crowd];

    [Fact]
    public async Task Floods_held_connections_and_garbage_on_every_port_cost_no_later_telemetry()
    {
        string[] ports = [FreePort.Find(), FreePort.Find(), FreePort.Find()];
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromMinutes(2), MemorySizeMb = MemoryMb },
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", ports[0]), ("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", ports[1]), ("TELEMETRY_EXTENSION_TELEMETRY_PORT", ports[2]), (FaultRun.Strategy, "end"));
        var before = await lambda.OrdersAsync(2);
        var connections = 0;
        await lambda.InvokeAsync("""{"order":{"id":"hostile"}}""", new InvokeOptions { WhileRunning = async _ => connections = await AttackAsync(ports) });
        var peakMb = PeakResidentKb(lambda.Sandbox.Extensions.Single().Pid!.Value) / 1024;
        var results = await lambda.OrdersUntilArrivedAsync([.. before, .. await lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(5))]);
        var outcome = await lambda.EndAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"{connections} connections, peak {peakMb} MiB");
        Assert.True(connections > 1000, $"only {connections} connections");
        Assert.True(peakMb <= CeilingMiB, $"{peakMb} MiB");
        Assert.Empty(outcome.Ledger.Accounts.SelectMany(account => account.Account.DroppedBy.Keys).Except(Reasons));
        Assert.All(results, result => outcome.Invocation(result));
        Assert.All(results, result => Assert.Equal(FaultRun.LinesPerOrder, outcome.Logs.Count(log => log.Text("faas.invocation_id") == result.RequestId)));
    }

    private static async Task<int> AttackAsync(string[] ports)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(Lasts);
        var connections = 0;
        await Task.WhenAll(from port in ports
                           from kind in Enumerable.Range(0, Attacks.Length)
                           from twin in Enumerable.Range(0, 3)
                           select Task.Run(async () =>
        {
            var random = new Random(HashCode.Combine(kind, twin));
            while (!end.IsCancellationRequested)
            {
                try
                {
                    using var client = new TcpClient();
                    await client.ConnectAsync(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture), end.Token);
                    Interlocked.Increment(ref connections);
                    await Attacks[kind](client.GetStream(), random, end.Token);
                }
                catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
                {
                    // The extension defends itself.
                }
            }
        }));
        return connections;
    }

    private static async Task Garbage(NetworkStream stream, Random random, CancellationToken cancellation)
    {
        var bytes = new byte[random.Next(1, 100_000)];
        random.NextBytes(bytes);
        await stream.WriteAsync(bytes, cancellation);
    }

    /// <summary>A header that comes letter by letter.</summary>
    private static async Task SlowHead(NetworkStream stream, Random random, CancellationToken cancellation)
    {
        foreach (var letter in $"POST /v1/logs HTTP/1.1\r\nHost: x\r\nX-{random.Next()}: ")
        {
            await stream.WriteAsync(new[] { (byte)letter }, cancellation);
            await Task.Delay(20, cancellation);
        }
    }

    private static async Task HoldsOpen(NetworkStream stream, Random random, CancellationToken cancellation)
    {
        await WriteAsync(stream, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n[", cancellation);
        await Task.Delay(random.Next(1000, 10_000), cancellation);
    }

    private static async Task EndlessBody(NetworkStream stream, Random random, CancellationToken cancellation)
    {
        await WriteAsync(stream, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n", cancellation);
        var chunk = new string('a', 0x4000);
        for (var i = 0; i < 2000; i++)
            await WriteAsync(stream, $"4000\r\n{chunk}\r\n", cancellation);
    }

    /// <summary>Few bytes that become 256 MiB.</summary>
    private static async Task Bomb(NetworkStream stream, Random random, CancellationToken cancellation)
    {
        await WriteAsync(stream, $"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: gzip\r\nContent-Length: {BombBytes.Value.Length}\r\n\r\n", cancellation);
        await stream.WriteAsync(BombBytes.Value, cancellation);
        await ReadAsync(stream, cancellation);
    }

    /// <summary>HTTP/2 with frames of any type, for any stream, of any length.</summary>
    private static async Task BrokenHttp2(NetworkStream stream, Random random, CancellationToken cancellation)
    {
        await WriteAsync(stream, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", cancellation);
        await stream.WriteAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 }, cancellation);
        for (var i = 0; i < 200; i++)
        {
            var payload = new byte[random.Next(0, 64)];
            random.NextBytes(payload);
            await stream.WriteAsync((byte[])[0, 0, (byte)payload.Length, (byte)random.Next(0, 12), (byte)random.Next(256), 0, 0, 0, (byte)random.Next(8), .. payload], cancellation);
        }
    }

    private static async Task NestedJson(NetworkStream stream, Random random, CancellationToken cancellation)
    {
        var body = string.Concat(Enumerable.Repeat(random.Next(2) == 0 ? "[" : "{\"a\":", 50_000));
        await WriteAsync(stream, $"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}", cancellation);
        await ReadAsync(stream, cancellation);
    }

    private static async Task CutOff(NetworkStream stream, Random random, CancellationToken cancellation) =>
        await WriteAsync(stream, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[{\"time\":\"2026-01-01T00:00:00.000Z\",\"type\":\"platform.st", cancellation);

    /// <summary>Three of these hold more connections than any port takes.</summary>
    private static async Task Crowd(NetworkStream stream, Random random, CancellationToken cancellation)
    {
        var held = new List<TcpClient>();
        try
        {
            while (held.Count < 100)
            {
                held.Add(new TcpClient());
                await held[^1].ConnectAsync((IPEndPoint)stream.Socket.RemoteEndPoint!, cancellation);
            }

            await Task.Delay(3000, cancellation);
        }
        finally
        {
            held.ForEach(client => client.Dispose());
        }
    }

    private static Lazy<byte[]> BombBytes { get; } = new(() =>
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 256; i++)
                gzip.Write(zeros);
        }

        return bytes.ToArray();
    });

    private static async Task WriteAsync(NetworkStream stream, string text, CancellationToken cancellation) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text), cancellation);

    private static async Task ReadAsync(NetworkStream stream, CancellationToken cancellation) => _ = await stream.ReadAsync(new byte[1024], cancellation);

    private static long PeakResidentKb(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").Single(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
