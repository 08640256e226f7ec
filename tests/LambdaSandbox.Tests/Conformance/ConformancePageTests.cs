using LambdaSandbox.Conformance;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Conformance;

public sealed class ConformancePageTests
{
    [Fact]
    public void Page_ItsTable_HasEveryCheckAndTheLayerPassesAll()
    {
        var rows = Pages.Rows(Pages.Read("docs/conformance.md"));
        Assert.Equal(Checks.All.Select(check => ($"`{check.Name}`", check.Promise, "passed")), rows.Select(cells => (cells[0], cells[1], cells[2])));
    }
}
