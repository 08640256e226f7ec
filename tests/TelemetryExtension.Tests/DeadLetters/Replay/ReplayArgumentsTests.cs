using TelemetryExtension.DeadLetters.Replay;

namespace TelemetryExtension.Tests.DeadLetters.Replay;

public sealed class ReplayArgumentsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 10, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Parse_Everything_IsRead()
    {
        var options = ReplayArguments.Parse(
            ["letters.txt", "--endpoint", "http://localhost:4318", "--header", "a=b=c", "--header=x-key=1", "--protocol=grpc", "--state", "s.txt"], Now, out var problem);

        Assert.Null(problem);
        Assert.NotNull(options);
        Assert.Equal(("letters.txt", "s.txt", false), (options.File, options.StateFile, options.DryRun));
        Assert.Equal(("http://localhost:4318/", "grpc"), (options.Target!.Endpoint.ToString(), options.Target.Protocol));
        Assert.Equal([new("a", "b=c"), new("x-key", "1")], options.Target.Headers);
    }

    [Fact]
    public void Parse_LogGroup_ReadsTimesAndAges()
    {
        var options = ReplayArguments.Parse(["--log-group", "/g", "--log-stream-prefix", "p", "--since", "6h", "--until", "2026-01-09T23:00:00Z", "--dry-run"], Now, out _);

        Assert.NotNull(options);
        Assert.Equal((Now.AddHours(-6), Now.AddHours(-1)), (options.Since, options.Until));
        Assert.Equal(("/g", "p", true), (options.LogGroup, options.StreamPrefix, options.DryRun));
        Assert.Null(options.Target);
    }

    [Theory]
    [InlineData("--endpoint is missing")]
    [InlineData("is not a URL", "--endpoint", "localhost")]
    [InlineData("is not a URL", "--endpoint", "ftp://x")]
    [InlineData("needs a value", "--endpoint")]
    [InlineData("no option --nope", "--nope", "1")]
    [InlineData("no option -x", "-x", "1")]
    [InlineData("second file", "a", "b")]
    [InlineData("neither http/protobuf nor grpc", "--endpoint=http://x", "--protocol", "http/json")]
    [InlineData("NAME=VALUE", "--endpoint=http://x", "--header", "novalue")]
    [InlineData("only one", "file", "--log-group", "g", "--dry-run")]
    [InlineData("need --log-group", "file", "--since", "1h", "--dry-run")]
    [InlineData("neither a time", "--log-group", "g", "--since", "yesterday")]
    [InlineData("neither a time", "--log-group", "g", "--since", "999999999h")]
    [InlineData("neither a time", "--log-group", "g", "--since", "2147483647d")]
    [InlineData("takes no value", "--dry-run=1")]
    [InlineData("takes no value", "--help=me")]
    public void Parse_Wrong_NamesTheError(string expected, params string[] arguments)
    {
        Assert.Null(ReplayArguments.Parse(arguments, Now, out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90s", -90)]
    [InlineData("30m", -1_800)]
    [InlineData("400000h", -1_440_000_000)]
    [InlineData("2d", -172_800)]
    public void Parse_Age_IsCountedBackFromNow(string age, int seconds) =>
        Assert.Equal(Now.AddSeconds(seconds), ReplayArguments.Parse(["--log-group", "g", "--since", age, "--dry-run"], Now, out _)?.Since);

    [Fact]
    public void Parse_Help_IsNoProblem()
    {
        Assert.Null(ReplayArguments.Parse(["--help"], Now, out var problem));
        Assert.Null(problem);
    }
}
