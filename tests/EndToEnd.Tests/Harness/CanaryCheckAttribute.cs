using System.Reflection;
using Xunit.v3;

namespace EndToEnd.Tests.Harness;

/// <summary>Fails every test in which a secret left the extension for a place where it does not belong.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class CanaryCheckAttribute : BeforeAfterTestAttribute
{
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (Exits.Take(test.UniqueID) is { } exits)
            Assert.Empty(exits.Problems());
    }
}
