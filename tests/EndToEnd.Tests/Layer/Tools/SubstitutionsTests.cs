using System.Xml.Linq;
using LayerTools;

namespace EndToEnd.Tests.Layer.Tools;

public class SubstitutionsTests
{
    private const string Type = "EndToEnd.Tests.Layer.Tools.Unused";

    [Fact]
    public void Generate_NamedMethod_AllItsOverloadsByTheirSignatures()
    {
        Assert.Equal(
            ["System.Collections.Generic.List`1<System.Int32> Overloaded(System.String[],System.Int64&)", "System.Void Overloaded()"],
            Signatures(Generate($"throw {Type} Overloaded")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Generate_WholeType_EveryMethodWithABodyAndWithoutTypeParameters()
    {
        Assert.Equal(
            [".cctor", ".ctor", "Overloaded", "Overloaded"],
            Signatures(Generate($"throw {Type}")).Select(signature => signature.Split(' ', 2)[1].Split('(')[0]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("throw", "remove")]
    [InlineData("default", "stub")]
    public void Generate_Kind_IsTheCompilersWordForIt(string kind, string body)
    {
        Assert.All(Generate($"{kind} {Type} .cctor").Descendants("method"), method => Assert.Equal(body, method.Attribute("body")!.Value));
    }

    [Theory]
    [InlineData("throw EndToEnd.Tests.Missing", "has no type EndToEnd.Tests.Missing")]
    [InlineData($"throw {Type} Missing", "has no method Missing")]
    [InlineData($"throw {Type} Overloaded Missing", "has no method Missing")]
    [InlineData($"throw {Type} Generic", "has no method Generic")]
    [InlineData($"erase {Type}", "cannot read the line")]
    [InlineData("throw", "cannot read the line")]
    public void Generate_NameThatIsGone_FailsAndNamesIt(string line, string problem)
    {
        Assert.Contains(problem, Assert.Throws<InvalidDataException>(() => Generate(line)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_CommentsAndEmptyLines_AreNothing() => Assert.Single(Generate("# one", "", $"throw {Type} .ctor # two").Descendants("method"));

    private static XDocument Generate(params string[] lines) => Substitutions.Generate(["assembly EndToEnd.Tests", .. lines], _ => typeof(SubstitutionsTests).Assembly.Location);

    private static IEnumerable<string> Signatures(XDocument document) => document.Descendants("method").Select(method => method.Attribute("signature")!.Value);
}

internal abstract class Unused
{
    private static readonly int Field = Environment.TickCount;

    internal static void Overloaded()
    {
    }

    internal static List<int> Overloaded(string[] names, ref long count) => [names.Length, (int)count, Field];

    internal static T Generic<T>(T value) => value;

    internal abstract void Abstract();
}
