using LambdaSandbox.CloudWatch;

namespace LambdaSandbox.Tests.CloudWatch;

public sealed class CloudWatchRulesTests
{
    [Theory]
    [InlineData("""{"body":"one line","attributes":{"a":{"b":1},"c":[{"b":1},{"b":2}]}}""")]
    [InlineData("""{"_aws":{"Timestamp":1767225600000,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["faas.name"],[]],"Metrics":[{"Name":"m","Unit":"Count"},{"Name":"n"},{"Name":"o"}]}]},"faas.name":"orders","m":1,"n":{"Max":2,"Min":1,"Count":2,"Sum":3},"o":{"Values":[1],"Counts":[2]}}""")]
    public void Check_RightEvent_BreaksNothing(string message) => Assert.Empty(CloudWatchRules.Check(message));

    [Theory]
    [InlineData("", "0 bytes")]
    [InlineData("{", "not JSON")]
    [InlineData("{} x", "not JSON")]
    [InlineData("""{"a":1,"a":2}""", "'a' twice")]
    [InlineData("""{"a":[{"b":{"c":1,"c":2}}]}""", "'c' twice")]
    [InlineData("""{"a":{"":1}}""", "empty key")]
    [InlineData("""{"_aws":1}""", "Timestamp")]
    [InlineData("""{"_aws":{"Timestamp":1.5,"CloudWatchMetrics":[]}}""", "Timestamp")]
    [InlineData("""{"_aws":{"Timestamp":1}}""", "CloudWatchMetrics")]
    public void Check_WrongEvent_NamesTheError(string message, string rule) =>
        Assert.Contains(CloudWatchRules.Check(message), broken => broken.Contains(rule, StringComparison.Ordinal));

    [Theory]
    [InlineData("\"\"", "[[]]", """[{"Name":"m"}]""", "\"m\":1", "Namespace")]
    [InlineData("\"n\"", "1", """[{"Name":"m"}]""", "\"m\":1", "Dimensions")]
    [InlineData("\"n\"", "[[\"d\"]]", """[{"Name":"m"}]""", "\"m\":1", "'d' has no text")]
    [InlineData("\"n\"", "[[\"d\"]]", """[{"Name":"m"}]""", "\"m\":1,\"d\":2", "'d' has no text")]
    [InlineData("\"n\"", "[[\"d\"]]", """[{"Name":"m"}]""", "\"m\":1,\"d\":\"\"", "'d' has the value")]
    [InlineData("\"n\"", "[[\"d\"]]", """[{"Name":"m"}]""", "\"m\":1,\"d\":\"a\\u0007\"", "'d' has the value")]
    [InlineData("\"n\"", "[[\"d\"]]", """[{"Name":"m"}]""", "\"m\":1,\"d\":\"ä\"", "'d' has the value")]
    [InlineData("\"n\"", "[[\":d\"]]", """[{"Name":"m"}]""", "\"m\":1,\":d\":\"a\"", "is not a valid name")]
    [InlineData("\"n\"", "[[\"d\",\"d\"]]", """[{"Name":"m"}]""", "\"m\":1,\"d\":\"a\"", "dimension twice")]
    [InlineData("\"n\"", "[[]]", "[]", "\"m\":1", "0 metrics")]
    [InlineData("\"n\"", "[[]]", """[{"Name":""}]""", "\"m\":1", "no name")]
    [InlineData("\"n\"", "[[]]", """[{"Name":"m"},{"Name":"m"}]""", "\"m\":1", "'m' occurs twice")]
    [InlineData("\"n\"", "[[]]", """[{"Name":"m","Unit":"s"}]""", "\"m\":1", "unit 's'")]
    [InlineData("\"n\"", "[[]]", """[{"Name":"m"}]""", "\"x\":1", "no value")]
    [InlineData("\"n\"", "[[]]", """[{"Name":"m"}]""", "\"m\":\"1\"", "no value")]
    [InlineData("\"n\"", "[[]]", """[{"Name":"m"}]""", "\"m\":1e300", "no value")]
    [InlineData("\"n\"", "[[]]", """[{"Name":"m"}]""", "\"m\":{\"Values\":[1,2],\"Counts\":[1]}", "no value")]
    [InlineData("\"n\"", "[[]]", """[{"Name":"m"}]""", "\"m\":{\"Max\":1,\"Min\":1,\"Count\":1}", "no value")]
    public void Check_WrongMetrics_NamesTheError(string name, string dimensions, string metrics, string members, string rule)
    {
        var directive = $$"""{"Namespace":{{name}},"Dimensions":{{dimensions}},"Metrics":{{metrics}}}""";
        var broken = CloudWatchRules.Check($$"""{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{{directive}}]},{{members}}}""");
        Assert.Contains(rule, Assert.Single(broken), StringComparison.Ordinal);
    }
}
