using TelemetryExtension.Buffering;

namespace TelemetryExtension.Tests.Buffering;

[Collection(nameof(AloneInTheProcess))]
public sealed class BodyPoolTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 16)]
    [InlineData(16, 16)]
    [InlineData(17, 32)]
    [InlineData(4096, 4096)]
    [InlineData(200_000, 262_144)]
    [InlineData(524_288, 524_288)]
    [InlineData(524_289, 524_289)]
    [InlineData(7_000_000, 7_000_000)]
    public void Rent_AnyLength_HasTheExpectedSizeHoweverManyAreRented(int length, int size)
    {
        var rented = Enumerable.Range(0, 10).Select(_ => BodyPool.Rent(length)).ToList();
        Assert.All(rented, array => Assert.Equal(size, array.Length));
        Assert.True(size == 0 || rented.Distinct().Count() == 10);
        rented.ForEach(BodyPool.Return);
    }

    [Fact]
    public void Return_ManyOfOneSize_KeepsFour()
    {
        var rented = Enumerable.Range(0, 10).Select(static _ => BodyPool.Rent(65_536)).ToHashSet();
        foreach (var array in rented)
            BodyPool.Return(array);

        Assert.Equal(4, Enumerable.Range(0, 10).Count(_ => rented.Contains(BodyPool.Rent(65_536))));
    }

    [Fact]
    public void Return_LargerThanTheLargest_IsNotKept()
    {
        var large = BodyPool.Rent(1_000_000);
        BodyPool.Return(large);
        Assert.NotSame(large, BodyPool.Rent(1_000_000));
    }
}
