using System.Text;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class NameListTests
{
    [Theory]
    [InlineData("faas.errors", "faas.errors", true)]
    [InlineData("faas.errors", "FaaS.Errors", true)]
    [InlineData("faas.errors", "faas.errors2", false)]
    [InlineData("faas.*", "faas.", true)]
    [InlineData("faas.*", "xfaas.a", false)]
    [InlineData("*token", "X-Token", true)]
    [InlineData("*token", "tokens", false)]
    [InlineData("*pass*", "dbPassword", true)]
    [InlineData("*pass*", "past", false)]
    [InlineData("*", "anything", true)]
    [InlineData("a, b ,c", "b", true)]
    [InlineData(" , ", "", false)]
    public void Contains_Names_InAnyCaseAndWithStarsAtTheEnds(string list, string name, bool expected) =>
        Assert.Equal(expected, NameList.From(new Env { ["LIST"] = list }.Read(), "LIST").Contains(Encoding.UTF8.GetBytes(name)));
}
