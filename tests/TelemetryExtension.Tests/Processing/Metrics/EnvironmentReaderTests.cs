using TelemetryExtension.Native;
using TelemetryExtension.Processing.Metrics;

namespace TelemetryExtension.Tests.Processing.Metrics;

public sealed class EnvironmentReaderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("environment-reader-").FullName;

    public void Dispose() => Directory.Delete(_root, true);

    [Fact]
    public void Read_AFakeProc_CountsEverything()
    {
        Write("proc/stat", "cpu  100 20 30 4000 50 6 7 8 9 10\ncpu0 1 2 3\n");
        Write("proc/net/dev", """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:  999999       1    0    0    0     0          0         0   999999       1    0    0    0     0       0          0
            vinternal_1: 1000      1    0    0    0     0          0         0    2000       1    0    0    0     0       0          0
              eth0:       5      1    0    0    0     0          0         0       7       1    0    0    0     0       0          0

            """);
        Write("proc/12/fd/0", "");
        Write("proc/12/fd/1", "");
        Write("proc/12/task/12/x", "");
        Write("proc/13/task/13/x", "");
        Write("proc/13/task/14/x", "");
        Write("proc/sys/fd/0", "");
        Write("tmp/x", "");
        var sample = new EnvironmentReader(_root).Read();
        Assert.Equal((1.63, 1005, 2007), (sample.CpuSeconds, sample.ReceivedBytes, sample.SentBytes));
        Assert.Equal((2, 3), (sample.FileDescriptors, sample.Threads));
        Assert.True(sample.TmpUsedBytes >= 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cpu  1 2 x")]
    [InlineData("something else")]
    public void Read_NothingOrNonsense_IsNull(string content)
    {
        Write("proc/stat", content);
        Write("proc/net/dev", content);
        var sample = new EnvironmentReader(_root).ReadStart();
        Assert.Equal(default, sample);
        Assert.Null(new EnvironmentReader(Path.Combine(_root, "missing")).Read().Threads);
    }

    [Fact]
    public void Record_TakesDifferencesOfWhatIsKnown()
    {
        var metrics = new MetricAggregator(0);
        var start = new EnvironmentSample(1, 100, null, null, null, null);
        new EnvironmentSample(1.5, 300, 7, 42, null, 9).Record(metrics, start, 10);
        Assert.Equal([("faas.cpu_usage", 0.5), ("faas.net_io", 200), ("telemetry_extension.environment.threads", 9), ("telemetry_extension.tmp.used", 42)],
            metrics.Collect().Select(point => (point.Definition.Name, point.Definition.Kind == MetricKind.Histogram ? point.Sum : point.Value)).Order());
    }

    /// <summary>Files that were open the first time are read again.</summary>
    [Fact]
    public void Read_Again_TellsWhatIsThereNow()
    {
        Write("proc/stat", "cpu  100 0 0 0 0 0 0\n");
        var reader = new EnvironmentReader(_root);
        Assert.Equal(1, reader.ReadStart().CpuSeconds);
        Write("proc/stat", "cpu  250 0 0 0 0 0 0\n");
        Assert.Equal(2.5, reader.ReadStart().CpuSeconds);
    }

    /// <summary>
    /// Counts by size and links where the kernel reports them, and by enumeration: the same for this process, except for what others open meanwhile.
    /// </summary>
    [Fact]
    public void Read_TheRealOne_CountsAsTheDirectoriesDo()
    {
        var sample = new EnvironmentReader().Read();
        Assert.True(sample.CpuSeconds > 0);
        var processes = Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])).ToList();
        Assert.InRange(sample.Threads ?? 0, 0.5 * Count("task"), 1.5 * Count("task"));
        Assert.InRange(sample.FileDescriptors ?? 0, 0.5 * Count("fd"), 1.5 * Count("fd"));

        long Count(string directory) => processes.Sum(path => DirectoryEntries.Count(Path.Combine(path, directory)) ?? 0);
    }

    [Fact]
    public void Count_AMissingDirectory_IsNull() => Assert.Null(DirectoryEntries.Count(Path.Combine(_root, "missing")));

    private void Write(string path, string content)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }
}
