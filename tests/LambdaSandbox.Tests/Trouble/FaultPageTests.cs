using LambdaSandbox.Tests.Testing;
using LambdaSandbox.Trouble;

namespace LambdaSandbox.Tests.Trouble;

public sealed class FaultPageTests
{
    [Fact]
    public void Page_ItsTable_HasEveryFault()
    {
        var rows = Pages.Rows(Pages.Read("docs/local.md")).Select(cells => $"{cells[0].Trim('`')} {string.Join(" | ", cells[1..])}");
        Assert.Superset(FaultKinds.All.Select(kind => $"{kind} {kind.Meaning}").ToHashSet(), rows.ToHashSet());
    }
}
