using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("20", 20_000)]
    [InlineData("0", 0)]
    [InlineData("20s", 20_000)]
    [InlineData("20 S", 20_000)]
    [InlineData("300ms", 300)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("2m", 120_000)]
    [InlineData("1d", 86_400_000)]
    public void Duration_Text_IsRead(string text, double milliseconds) => Assert.Equal(milliseconds, Quantity.Duration(text, TimeSpan.FromSeconds(1))!.Value.TotalMilliseconds);

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-1")]
    [InlineData("-1s")]
    [InlineData("1.5")]
    [InlineData("1,5s")]
    [InlineData("1e3s")]
    [InlineData("20 seconds")]
    [InlineData("20sms")]
    [InlineData("99999999999999999999d")]
    [InlineData("9223372036854775807")]
    [InlineData("NaNs")]
    public void Duration_AnythingElse_IsNone(string text) => Assert.Null(Quantity.Duration(text, TimeSpan.FromSeconds(1)));

    [Theory]
    [InlineData("4194304", 4_194_304)]
    [InlineData("4MiB", 4_194_304)]
    [InlineData("4 mib", 4_194_304)]
    [InlineData("4MB", 4_000_000)]
    [InlineData("0.5KiB", 512)]
    [InlineData("1GiB", 1_073_741_824)]
    [InlineData("2KB", 2_000)]
    [InlineData("1GB", 1_000_000_000)]
    [InlineData("10B", 10)]
    public void Bytes_Text_IsRead(string text, long bytes) => Assert.Equal(bytes, Quantity.Bytes(text));

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("4M")]
    [InlineData("4MiBs")]
    [InlineData("MiB")]
    [InlineData("99999999999999GiB")]
    public void Bytes_AnythingElse_IsNone(string text) => Assert.Null(Quantity.Bytes(text));

    [Theory]
    [InlineData(300, "300ms")]
    [InlineData(20_000, "20s")]
    [InlineData(90_000, "90s")]
    [InlineData(3_600_000, "1h")]
    [InlineData(0, "0ms")]
    public void Text_Duration_IsInTheLargestWholeUnit(double milliseconds, string text) => Assert.Equal(text, Quantity.Text(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(262_118, "262118B")]
    [InlineData(4_194_304, "4MiB")]
    [InlineData(0, "0B")]
    public void Text_Bytes_IsInTheLargestWholeUnit(long bytes, string text) => Assert.Equal(text, Quantity.Text(bytes));

    /// <summary>What is printed can be read again.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(1_500)]
    [InlineData(65_536)]
    [InlineData(86_400_000)]
    public void Text_Read_IsTheSame(int number)
    {
        Assert.Equal(number, Quantity.Duration(Quantity.Text(TimeSpan.FromMilliseconds(number)), TimeSpan.FromSeconds(1))!.Value.TotalMilliseconds);
        Assert.Equal(number, Quantity.Bytes(Quantity.Text((long)number)));
    }
}
