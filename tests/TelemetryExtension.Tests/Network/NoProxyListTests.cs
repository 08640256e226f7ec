using System.Net;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Network;

public sealed class NoProxyListTests
{
    [Theory]
    [InlineData("*", "http://any.test")]
    [InlineData("a.test, *", "http://[2001:db8::1]:4318")]
    [InlineData("example.com", "https://example.com")]
    [InlineData("example.com", "https://otlp.example.com:4318/v1/traces")]
    [InlineData("Example.COM", "https://OTLP.example.com")]
    [InlineData(".example.com", "https://otlp.example.com")]
    [InlineData(".example.com", "https://example.com")]
    [InlineData("*.example.com", "https://a.b.example.com")]
    [InlineData("example.com.", "https://example.com")]
    [InlineData("example.com", "https://example.com.")]
    [InlineData("other.test,example.com", "https://example.com")]
    [InlineData("other.test , example.com ", "https://example.com")]
    [InlineData("other.test example.com", "https://example.com")]
    [InlineData("other.test,,\texample.com", "https://example.com")]
    [InlineData("example.com:4318", "http://otlp.example.com:4318")]
    [InlineData("example.com:443", "https://example.com")]
    [InlineData("example.com:80", "http://example.com")]
    [InlineData("localhost", "http://api.localhost")]
    [InlineData("bücher.test", "https://shop.xn--bcher-kva.test")]
    [InlineData("xn--bcher-kva.test", "https://bücher.test")]
    [InlineData("10.1.2.3", "http://10.1.2.3:4318")]
    [InlineData("10.1.2.3:4318", "http://10.1.2.3:4318")]
    [InlineData("10.0.0.0/8", "http://10.255.0.1")]
    [InlineData("10.1.2.3/8", "http://10.255.0.1")]
    [InlineData("0.0.0.0/0", "http://203.0.113.7")]
    [InlineData("192.0.2.128/25", "http://192.0.2.200")]
    [InlineData("192.0.2.200/32", "http://192.0.2.200")]
    [InlineData("2001:db8::1", "http://[2001:db8::1]")]
    [InlineData("[2001:db8::1]", "http://[2001:db8::1]:4318")]
    [InlineData("[2001:db8::1]:4318", "http://[2001:db8::1]:4318")]
    [InlineData("2001:DB8:0:0::0:1", "http://[2001:db8::1]")]
    [InlineData("2001:db8::/32", "http://[2001:db8:ffff::1]")]
    [InlineData("[2001:db8::]/32", "http://[2001:db8:ffff::1]")]
    [InlineData("192.0.2.1", "http://[::ffff:192.0.2.1]")]
    [InlineData("169.254.169.254", "http://169.254.169.254/")]
    public void Matches_Covered_True(string noProxy, string url) => Assert.True(new NoProxyList(noProxy).Matches(new(url)));

    [Theory]
    [InlineData(null, "http://example.com")]
    [InlineData("", "http://example.com")]
    [InlineData(" , ", "http://example.com")]
    [InlineData("example.com", "http://notexample.com")]
    [InlineData("example.com", "http://example.com.evil.test")]
    [InlineData("example.com", "http://example.org")]
    [InlineData("otlp.example.com", "http://example.com")]
    [InlineData("*.example.com", "http://example.com")]
    [InlineData("*.example.com", "http://notexample.com")]
    [InlineData("*example.com", "http://otlp.example.com")]
    [InlineData("example.*", "http://example.com")]
    [InlineData("example.com:4317", "http://example.com:4318")]
    [InlineData("example.com:443", "http://example.com")]
    [InlineData(".", "http://example.com")]
    [InlineData("com", "http://example.community")]
    [InlineData("10.1.2.3", "http://10.1.2.30")]
    [InlineData("10.1.2", "http://10.1.2.3")]
    [InlineData("2.3", "http://10.1.2.3")]
    [InlineData("10.1.2.3:4317", "http://10.1.2.3:4318")]
    [InlineData("10.0.0.0/8", "http://11.0.0.1")]
    [InlineData("10.0.0.0/33", "http://10.0.0.1")]
    [InlineData("10.0.0.0/-1", "http://10.0.0.1")]
    [InlineData("10.0.0.0/x", "http://10.0.0.1")]
    [InlineData("10/8", "http://10.0.0.1")]
    [InlineData("10.0.0.0/8", "http://10.example.com")]
    [InlineData("0.0.0.0/0", "http://[2001:db8::1]")]
    [InlineData("2001:db8::/32", "http://[2001:db9::1]")]
    [InlineData("[2001:db8::1]:4317", "http://[2001:db8::1]:4318")]
    public void Matches_NotCovered_False(string? noProxy, string url) => Assert.False(new NoProxyList(noProxy).Matches(new(url)));

    /// <summary>Compares with .NET's own network arithmetic.</summary>
    [Fact]
    public void Matches_AnyBlockAndAddress_AsIPNetworkSays()
    {
        var bytes = Gen.Choose(0, 255).Select(static number => (byte)number);
        var both = from size in Gen.Elements(4, 16)
                   from network in bytes.ArrayOf(size)
                   from bits in Gen.Choose(0, size * 8)
                   from other in bytes.ArrayOf(size)
                   from shared in Gen.Choose(0, size * 8)
                   select (Network: network, Bits: bits, Address: Mixed(network, other, shared));
        Prop.ForAll(Arb.From(both), each =>
        {
            var address = new IPAddress(each.Address);
            var network = new IPNetwork(new IPAddress(Mixed(each.Network, new byte[each.Network.Length], each.Bits)), each.Bits);
            var host = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
            return new NoProxyList($"x.test,{new IPAddress(each.Network)}/{each.Bits}").Matches(new($"http://{host}:4318")) == network.Contains(address);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Matches_AnyDomain_ItselfAndItsSubdomainsOnly()
    {
        var label = Gen.Elements("a", "example", "otlp", "com", "x-1").NonEmptyListOf().Select(static labels => string.Join('.', labels.Take(4)));
        Prop.ForAll(Arb.From(label), Arb.From(label), (domain, prefix) =>
        {
            var list = new NoProxyList($" other.invalid ,{domain.ToUpperInvariant()}");
            return list.Matches(new($"http://{domain}")) && list.Matches(new($"https://{prefix}.{domain}:4318")) && !list.Matches(new($"http://{prefix}{domain}"));
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>Any value of the variable costs at most a wrong route.</summary>
    [Fact]
    public void Matches_AnyText_NeverThrows() =>
        Prop.ForAll<string?>(text =>
        {
            _ = new NoProxyList(text).Matches(new("http://example.com:4318"));
            _ = new NoProxyList(text).Matches(new("http://[fe80::1%25eth0]:4318"));
            return true;
        }).QuickCheckThrowOnFailure();

    /// <summary>The first bits of one, the rest of the other.</summary>
    private static byte[] Mixed(byte[] first, byte[] rest, int bits)
    {
        var mixed = (byte[])rest.Clone();
        for (var i = 0; i < bits; i++)
            mixed[i / 8] = (byte)((mixed[i / 8] & ~(0x80 >> (i % 8))) | (first[i / 8] & (0x80 >> (i % 8))));
        return mixed;
    }
}
