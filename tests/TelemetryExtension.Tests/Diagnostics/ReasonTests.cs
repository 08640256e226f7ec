using System.Net.Sockets;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Tests.Diagnostics;

public sealed class ReasonTests
{
    [Theory]
    [InlineData("IO_FileNotFound_FileName, /tmp/a file")]
    [InlineData("UnsupportedCompression")]
    [InlineData("net_http_invalid_response_premature_eof")]
    [InlineData("Arg_KeyNotFoundWithKey, x")]
    [InlineData("")]
    public void IsKey_WhatStandsForATextThatIsNotThere_IsOne(string message) => Assert.True(Reason.IsKey(message));

    [Theory]
    [InlineData("not an HTTP answer")]
    [InlineData("--header a=... is not an HTTP header that can be set")]
    [InlineData("/tmp/x,y: no such file")]
    public void IsKey_Text_IsNone(string message) => Assert.False(Reason.IsKey(message));

    [Fact]
    public void Of_FrameworkFailuresWithoutText_AreInOurWords()
    {
        Assert.Equal("no such file", Reason.Of(new FileNotFoundException("IO_FileNotFound_FileName, /tmp/x")));
        Assert.Equal("no permission", Reason.Of(new UnauthorizedAccessException("UnauthorizedAccess_IODenied_Path, /tmp/x")));
        Assert.Equal("damaged data", Reason.Of(new InvalidDataException("UnsupportedCompression")));
        Assert.Equal("claims 7 bytes", Reason.Of(new InvalidDataException("claims 7 bytes")));
        Assert.Equal("ConnectionRefused", Reason.Of(new SocketException((int)SocketError.ConnectionRefused)));
        Assert.Equal("NameResolutionError", Reason.Of(new HttpRequestException(HttpRequestError.NameResolutionError, "net_http_x")));
        Assert.Equal("disk full", Reason.Of(new IOException("IO_DiskFull_Path_AllocationSize, x", 28)));
    }

    [Fact]
    public void OfBug_AlwaysNamesTheType()
    {
        Assert.Equal("KeyNotFoundException", Reason.OfBug(new KeyNotFoundException("Arg_KeyNotFoundWithKey, x")));
        Assert.Equal("InvalidOperationException: two words", Reason.OfBug(new InvalidOperationException("two words")));
    }
}
