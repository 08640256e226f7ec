using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Ingest.OtlpReceiver;
using TelemetryExtension.Otlp;

namespace Benchmarks;

/// <summary>
/// OTLP from the function: the cost of validation, of a 100 kB request from the socket to the channel, the function's wait for its answer, the cost of
/// starting the server, and the memory that a flood can use.
/// </summary>
internal static class ReceiverBenchmark
{
    private const int Mebibyte = 1024 * 1024;
    private const int BodyBytes = 100_000;

    public static void Run() => RunAsync().GetAwaiter().GetResult();

    private static async Task RunAsync()
    {
        Console.WriteLine("### OTLP receiver, requests of about 100 kB");
        var body = TraceRequest();
        Print("validator alone", body.Length, 4000, () => OtlpRequestValidator.Check(Signal.Traces, body));
        var destination = new byte[body.Length];
        Print("copy alone", body.Length, 4000, () => body.CopyTo(destination, 0));

        var ledger = new Ledger();
        var options = new ReceiverOptions(true, IPAddress.Loopback, 0, 0, 4 * Mebibyte, 16 * Mebibyte, EnrichResource: false);
        var channel = new TelemetryChannel(new BufferOptions(8192, 16 * Mebibyte), ledger);
        var intake = new OtlpIntake(options, channel, ledger, TimeProvider.System);
        Print("intake: copy, validate, channel", body.Length, 4000, () =>
        {
            var pooled = PooledBody.Rent(body.Length);
            body.CopyTo(pooled.Span);
            using var lease = intake.Lease();
            intake.Accept(Signal.Traces, pooled, default, lease);
            Drain(channel);
        });

        await ServeAsync(intake, channel, ledger, body).ConfigureAwait(false);
    }

    private static async Task ServeAsync(OtlpIntake intake, TelemetryChannel channel, Ledger ledger, byte[] body)
    {
        using var socket = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        var cpu = Environment.CpuUsage.TotalTime;
        var wall = Stopwatch.GetTimestamp();
        await using var endpoint = new HttpEndpoint([new(socket, HttpVersionSpoken.Http1, new OtlpHttpReceiver(intake).HandleAsync)]);
        await endpoint.StartAsync(CancellationToken.None).ConfigureAwait(false);
        Say($"server start: {Stopwatch.GetElapsedTime(wall).TotalMilliseconds:0.00} ms, {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds:0.00} ms CPU");

        var request = Request(body);
        await SendAsync(socket.Port, request, 300, null, () => Drain(channel)).ConfigureAwait(false);
        var latencies = new List<double>();
        cpu = Environment.CpuUsage.TotalTime;
        wall = Stopwatch.GetTimestamp();
        await SendAsync(socket.Port, request, 5000, latencies, () => Drain(channel)).ConfigureAwait(false);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        latencies.Sort();
        Say($"HTTP over loopback, sender in the same process: {5000.0 * body.Length / Stopwatch.GetElapsedTime(wall).TotalSeconds / 1e9:0.00} GB/s, "
            + $"{5000.0 * body.Length / cpu.TotalSeconds / 1e9:0.00} GB per CPU second of both ends; "
            + $"answer p50 {latencies[latencies.Count / 2]:0.000} ms, p99 {latencies[latencies.Count * 99 / 100]:0.000} ms");

        // Simulate a flush: empty the channel, and gzip a request as for a backend, without a pause.
        using var flushing = new CancellationTokenSource();
        var flush = Task.Run(() => FlushWithoutEnd(channel, body, flushing.Token));
        latencies.Clear();
        await SendAsync(socket.Port, request, 3000, latencies, static () => { }).ConfigureAwait(false);
        await flushing.CancelAsync().ConfigureAwait(false);
        await flush.ConfigureAwait(false);
        latencies.Sort();
        Say($"answer while a flush runs: p50 {latencies[latencies.Count / 2]:0.000} ms, p99 {latencies[latencies.Count * 99 / 100]:0.000} ms");

        // Nothing reads the channel, so what does not fit is refused.
        var before = Resident();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SendAsync(socket.Port, request, 250, null, static () => { }))).ConfigureAwait(false);
        Say($"flood of {8 * 250 * (long)body.Length / Mebibyte} MiB into 16 MiB: resident {before / Mebibyte} -> {Resident() / Mebibyte} MiB, "
            + $"heap {GC.GetTotalMemory(false) / Mebibyte} MiB; {ledger[LedgerAccount.Traces].DroppedTotal} spans dropped");
        Drain(channel);
    }

    private static async Task SendAsync(int port, byte[] request, int times, List<double>? latencies, Action afterEach)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port).ConfigureAwait(false);
        var buffer = new byte[4096];
        for (var i = 0; i < times; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await socket.SendAsync(request).ConfigureAwait(false);
            // Both answers end a request: an empty 200, or a 429 with a short status after its headers.
            var read = await socket.ReceiveAsync(buffer).ConfigureAwait(false);
            if (read == 0)
                throw new InvalidOperationException("the receiver hung up");
            latencies?.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            afterEach();
        }
    }

    private static void FlushWithoutEnd(TelemetryChannel channel, byte[] body, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            Drain(channel);
            using var gzip = new GZipStream(Stream.Null, CompressionLevel.Fastest);
            gzip.Write(body);
        }
    }

    private static void Drain(TelemetryChannel channel)
    {
        while (channel.TryRead(out var item))
            item.Release();
    }

    private static byte[] Request(byte[] body) =>
    [
        .. Encoding.ASCII.GetBytes(
            $"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: {body.Length}\r\n\r\n"),
        .. body,
    ];

    /// <summary>Spans as an SDK makes them: ids, times, eight text attributes, one event.</summary>
    private static byte[] TraceRequest()
    {
        using var writer = new OtlpWriter(2 * BodyBytes);
        var resource = writer.Open(1, BodyBytes);
        var scope = writer.Open(2, BodyBytes);
        var id = new byte[16];
        while (writer.Position < BodyBytes)
        {
            var span = writer.Open(2, 400);
            writer.Bytes(1, id);
            writer.Bytes(2, id.AsSpan(0, 8));
            writer.Bytes(4, id.AsSpan(0, 8));
            writer.String(5, "GET /orders/{id}");
            writer.Varint(6, 3);
            writer.Fixed64(7, 1754913600000000000);
            writer.Fixed64(8, 1754913600250000000);
            for (var i = 0; i < 8; i++)
                Attribute(writer, $"http.request.header.x{i}", "a value of some length");
            var status = writer.Open(15);
            writer.Varint(3, 1);
            writer.Close(status);
            writer.Close(span);
        }

        writer.Close(scope);
        writer.Close(resource);
        return writer.ToArray();
    }

    private static void Attribute(OtlpWriter writer, string key, string value)
    {
        var attribute = writer.Open(9);
        writer.String(1, key);
        var any = writer.Open(2);
        writer.String(1, value);
        writer.Close(any);
        writer.Close(attribute);
    }

    private static void Print(string name, int bytes, int times, Action work)
    {
        for (var i = 0; i < times; i++)
            work();
        var best = double.MaxValue;
        for (var round = 0; round < 7; round++)
        {
            var cpu = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < times; i++)
                work();
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
        }

        Say($"{name}: {(double)bytes * times / best / 1e9:0.00} GB per CPU second (best of 7)");
    }

    private static long Resident() => Environment.WorkingSet;

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static void Say(string line) => Console.WriteLine(line);
}
