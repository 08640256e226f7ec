using System.Reflection;
using EndToEnd.Tests.Tools;
using Xunit.v3;

namespace EndToEnd.Tests.Harness;

/// <summary>Fails every test in which a secret left the extension for a place where it does not belong.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class CanaryCheckAttribute : BeforeAfterTestAttribute
{
    static CanaryCheckAttribute() => Tool.Finished = static (program, result) => Exits.OfThisTest.Saw(new Receiver($"the output of {program}", IsAws: false), result.All);

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (Exits.Take(test.UniqueID) is { } exits)
            Assert.Empty(exits.Problems());
    }
}
