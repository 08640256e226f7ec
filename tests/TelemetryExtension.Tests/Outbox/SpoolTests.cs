using Simulation;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox;

public sealed class SpoolTests : IDisposable
{
    private static readonly OtlpPayload Payload = new(Signal.Logs, default, 1, DateTimeOffset.UnixEpoch);

    private readonly MemoryFiles _files = new();

    /// <summary>The function empties /tmp after the directory was checked.</summary>
    [Theory]
    [InlineData(typeof(DirectoryNotFoundException))]
    [InlineData(typeof(FileNotFoundException))]
    public void TryWrite_DirectoryEmptiedJustBefore_IsWrittenIntoANewOne(Type missing)
    {
        using var spool = new Spool(_files);
        Assert.NotNull(Write(spool, out _));
        var writes = 0;
        _files.BeforeWrite = (_, _) =>
        {
            if (writes++ > 0)
                return;
            _files.Content.Clear();
            throw (Exception)Activator.CreateInstance(missing)!;
        };

        var file = Write(spool, out var wasEmptied);

        Assert.True(wasEmptied);
        Assert.Equal(2, writes);
        Assert.NotNull(file);
        Assert.NotNull(spool.Read(file));
    }

    [Fact]
    public void TryWrite_DirectoryMissingAgainAndAgain_GivesUp()
    {
        using var spool = new Spool(_files);
        var writes = 0;
        _files.BeforeWrite = (_, _) =>
        {
            writes++;
            throw new DirectoryNotFoundException();
        };

        Assert.Null(Write(spool, out _));
        Assert.Equal(2, writes);
    }

    public void Dispose() => _files.Dispose();

    private static SpoolFile? Write(Spool spool, out bool wasEmptied) => spool.TryWrite(Payload, [new byte[] { 1, 2, 3 }], ["otlp"], out wasEmptied);
}
