using System.Runtime.InteropServices;
using TelemetryExtension.Buffering;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Buffering;

public sealed class TelemetryItemTests
{
    [Fact]
    public void ToOwned_AllocatedBody_IsTheBodyItselfAndOutlivesIt()
    {
        var body = PooledBody.Allocate(1000);
        body.Span.Fill(7);
        Assert.True(MemoryMarshal.TryGetArray<byte>(body.Memory, out var before));

        var bytes = Item(body, 5).ToOwned();
        body.Release();

        Assert.True(MemoryMarshal.TryGetArray(bytes, out var after));
        Assert.Same(before.Array, after.Array);
        Assert.Equal((5, 995), (after.Offset, after.Count));
        Assert.Equal(7, bytes.Span[^1]);
    }

    [Fact]
    public void ToOwned_RentedBody_IsACopy()
    {
        var body = PooledBody.Rent(1000);
        body.Span.Fill(7);

        var bytes = Item(body, 0).ToOwned();
        body.Span.Fill(8);

        Assert.Equal(Enumerable.Repeat((byte)7, 1000), bytes.ToArray());
        body.Release();
    }

    /// <summary>The claimed size of a gzip body may be false: a few bytes must not reserve megabytes.</summary>
    [Fact]
    public void ToOwned_SmallPartOfABody_IsACopy()
    {
        var body = PooledBody.Allocate(1000);
        body.Truncate(800);

        var bytes = Item(body, 0).ToOwned();

        Assert.True(MemoryMarshal.TryGetArray(bytes, out var array));
        Assert.Equal(800, array.Array!.Length);
        body.Release();
    }

    private static TelemetryItem Item(PooledBody body, int offset) =>
        new(TelemetryItemKind.OtlpRequest, Signal.Traces, body, offset, body.Length - offset, 0, 0);
}
