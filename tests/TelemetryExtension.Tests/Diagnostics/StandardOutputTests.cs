using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Tests.Diagnostics;

/// <summary>Tests with real descriptors: pipes without a reader, closed pipes, and devices that refuse.</summary>
public sealed class StandardOutputTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly AnonymousPipeServerStream _reader = new(PipeDirection.In);
    private readonly StandardOutput _output;

    public StandardOutputTests() => _output = new(new(_reader.ClientSafePipeHandle.DangerousGetHandle().ToInt32()));

    [Fact]
    public void Post_BeforeRelease_WritesNothing()
    {
        _output.Post("early");
        Assert.Equal(0, Waiting(_reader));

        _output.Release();

        Assert.Equal(["early"], ReadAll());
    }

    /// <summary>The output exceeds the pipe and the queue, so the rest is counted.</summary>
    [Fact]
    public async Task Post_NoReader_ReturnsAndLaterReportsTheMissingLines()
    {
        const int posted = 5_000;
        _output.Release();
        for (var i = 0; i < posted; i++)
            _output.Post($"line {i} {new string('x', 80)}");

        var lines = new List<string>();
        var reading = Task.Run(() => ReadUntil(lines, "the end"), Cancellation);
        while (!_output.Flush(TimeSpan.FromMilliseconds(100)))
        {
        }

        _output.Post("after");
        _output.Post("the end");
        await reading.WaitAsync(Patience, Cancellation);

        var note = Assert.Single(lines, line => line.Contains("did not take", StringComparison.Ordinal));
        var lost = int.Parse(note.Split("did not take ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(posted, lost + lines.Count(line => line.StartsWith("line ", StringComparison.Ordinal)));
        Assert.All(lines.Where(line => line.StartsWith("line ", StringComparison.Ordinal)), line => Assert.EndsWith(new string('x', 80), line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(4096)]
    [InlineData(300_000)]
    public async Task WriteLine_WhileOthersPost_LinesAreNeverMixed(int length)
    {
        _output.Release();
        var record = new string('r', length);
        var writing = Task.Run(() =>
        {
            for (var i = 0; i < 20; i++)
                _output.WriteLine(record);
            _output.Post("the end");
        }, Cancellation);
        var posting = Task.Run(() =>
        {
            for (var i = 0; i < 200; i++)
                _output.Post("log");
        }, Cancellation);

        var lines = new List<string>();
        await Task.Run(() => ReadUntil(lines, "the end"), Cancellation).WaitAsync(Patience, Cancellation);
        await Task.WhenAll(writing, posting).WaitAsync(Patience, Cancellation);

        Assert.Equal(20, lines.Count(line => line == record));
        Assert.All(lines, line => Assert.True(line == record || line is "log" or "the end", $"{line.Length}: {line[..Math.Min(line.Length, 100)]}"));
    }

    /// <summary>A telemetry record waits for the reader, but a log line does not.</summary>
    [Fact]
    public async Task Post_WhileARecordWaitsForTheReader_Returns()
    {
        _output.Release();
        var writing = Task.Run(() => _output.WriteLine(new string('r', 200_000)), Cancellation);
        while (Waiting(_reader) < 60_000)
            Thread.Yield();

        var posting = Task.Run(() => _output.Post("log"), Cancellation);
        await posting.WaitAsync(Patience, Cancellation);
        Assert.False(writing.IsCompleted);

        var lines = new List<string>();
        await Task.Run(() => ReadUntil(lines, "log"), Cancellation).WaitAsync(Patience, Cancellation);
        await writing.WaitAsync(Patience, Cancellation);
        Assert.Equal([200_000, 3], lines.Select(line => line.Length));
    }

    [Fact]
    public void Post_TheReaderIsGone_Returns()
    {
        _output.Release();
        _output.Post("one");
        _reader.Dispose();

        _output.Post("two");

        Assert.Throws<IOException>(() => _output.WriteLine("record"));
    }

    [Fact]
    public void Post_TheDescriptorIsClosed_Returns()
    {
        var output = new StandardOutput(new(987_654));
        output.Release();
        output.Post("one");

        Assert.True(output.Flush(TimeSpan.Zero));
        Assert.Throws<IOException>(() => output.WriteLine("record"));
    }

    [Fact]
    public void Post_TheDiskIsFull_ReturnsAndARecordFailsWithTheReason()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        var output = new StandardOutput(new(full.DangerousGetHandle().ToInt32()));
        output.Release();
        output.Post("one");

        Assert.Equal("disk full", Reason.Of(Assert.Throws<IOException>(() => output.WriteLine("record"))));
    }

    [Fact]
    public async Task Post_SocketWithoutReader_Returns()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint, Cancellation);
        using var server = await listener.AcceptSocketAsync(Cancellation);
        var output = new StandardOutput(new(client.Handle.ToInt32()));
        output.Release();

        for (var i = 0; i < 20_000; i++)
            output.Post(new string('x', 4000));

        var buffer = new byte[4001];
        Assert.Equal(4001, await server.ReceiveAsync(buffer, Cancellation));
    }

    [Fact]
    public void Post_ManyLinesInOne_BecomeOne()
    {
        _output.Release();

        _output.Post("<html>\r\n<body>\u0007");
        _output.Post(new string('ä', 5000));

        var lines = ReadAll();
        Assert.Equal(["<html>  <body> ", new string('ä', (StandardOutput.MaxLineBytes - 1) / 2)], lines);
    }

    public void Dispose()
    {
        _reader.ClientSafePipeHandle.Dispose();
        _reader.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string[] ReadAll()
    {
        var bytes = new byte[Waiting(_reader)];
        _reader.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private void ReadUntil(List<string> lines, string last)
    {
        using var text = new StreamReader(_reader, Encoding.UTF8, false, 4096, leaveOpen: true);
        while (text.ReadLine() is { } line)
        {
            lines.Add(line);
            if (line == last)
                return;
        }
    }

    /// <summary>The value of FIONREAD.</summary>
    private static int Waiting(AnonymousPipeServerStream pipe)
    {
        var count = 0;
        return Native.Ioctl(pipe.SafePipeHandle.DangerousGetHandle().ToInt32(), 0x541B, ref count) == 0 ? count : throw new InvalidOperationException("FIONREAD");
    }

    private static class Native
    {
        [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "ioctl")]
        public static extern int Ioctl(int descriptor, nuint request, ref int count);
    }
}
