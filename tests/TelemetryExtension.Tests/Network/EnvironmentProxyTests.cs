using System.Net;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Network;

public sealed class EnvironmentProxyTests
{
    private static readonly Uri Http = new("http://backend.test:4318/v1/traces");
    private static readonly Uri Https = new("https://backend.test/v1/traces");

    [Theory]
    [InlineData("HTTP_PROXY=http://p:1", "http://p:1/", null)]
    [InlineData("HTTPS_PROXY=http://p:1", null, "http://p:1/")]
    [InlineData("http_proxy=http://p:1;https_proxy=http://q:2", "http://p:1/", "http://q:2/")]
    [InlineData("http_proxy=http://lower:1;HTTP_PROXY=http://upper:1", "http://lower:1/", null)]
    [InlineData("http_proxy=;HTTP_PROXY=http://upper:1", "http://upper:1/", null)]
    [InlineData("HTTP_PROXY= http://p:1 ", "http://p:1/", null)]
    [InlineData("ALL_PROXY=http://all:1", "http://all:1/", "http://all:1/")]
    [InlineData("all_proxy=http://all:1;HTTPS_PROXY=http://p:1", "http://all:1/", "http://p:1/")]
    [InlineData("HTTPS_PROXY=p.test:3128", null, "http://p.test:3128/")]
    [InlineData("HTTPS_PROXY=p.test", null, "http://p.test/")]
    [InlineData("HTTPS_PROXY=https://p.test", null, "https://p.test/")]
    [InlineData("HTTPS_PROXY=https://p.test:80", null, "https://p.test:80/")]
    [InlineData("HTTPS_PROXY=socks5://p.test:1", null, "socks5://p.test:1/")]
    [InlineData("HTTPS_PROXY=SOCKS5H://p.test", null, "socks5://p.test:1080/")]
    [InlineData("HTTPS_PROXY=http://[2001:db8::1]:3128", null, "http://[2001:db8::1]:3128/")]
    [InlineData("HTTPS_PROXY=ftp://p.test", null, null)]
    [InlineData("HTTPS_PROXY=http://", null, null)]
    [InlineData("HTTPS_PROXY=:::", null, null)]
    [InlineData("HTTPS_PROXY=http://p:1;NO_PROXY=backend.test", null, null)]
    [InlineData("HTTPS_PROXY=http://p:1;no_proxy=test;NO_PROXY=other.invalid", null, null)]
    [InlineData("HTTPS_PROXY=http://p:1;no_proxy=;NO_PROXY=test", null, null)]
    public void For_Variables_AsCurlReadsThem(string variables, string? http, string? https)
    {
        var environment = variables.Split(';').Select(static each => each.Split('=', 2)).ToDictionary(static pair => pair[0], static pair => pair[1]);
        Assert.Equal(http, EnvironmentProxy.For(Http, environment.GetValueOrDefault)?.Address.ToString());
        Assert.Equal(https, EnvironmentProxy.For(Https, environment.GetValueOrDefault)?.Address.ToString());
    }

    [Theory]
    [InlineData("http://localhost:4318")]
    [InlineData("http://127.0.0.1:4318")]
    [InlineData("http://[::1]:4318")]
    public void For_Loopback_NoProxy(string url) => Assert.Null(EnvironmentProxy.For(new(url), static _ => "http://p:1"));

    [Theory]
    [InlineData("http://user:secret@p.test:3128", "user", "secret")]
    [InlineData("user:secret@p.test:3128", "user", "secret")]
    [InlineData("http://user@p.test:3128", "user", "")]
    [InlineData("http://us%40er:p%3Aw@p.test:3128", "us@er", "p:w")]
    [InlineData("http://user:p@ss/w#rd@p.test:3128", "user", "p@ss/w#rd")]
    public void For_UserAndPassword_AnswerTheChallenge(string proxy, string user, string password)
    {
        var read = EnvironmentProxy.For(Https, name => name == "https_proxy" ? proxy : null)!;
        Assert.Equal("http://p.test:3128/", read.GetProxy(Https).ToString());
        var credential = read.Credentials!.GetCredential(read.Address, "Basic")!;
        Assert.Equal((user, password), (credential.UserName, credential.Password));
    }
}
