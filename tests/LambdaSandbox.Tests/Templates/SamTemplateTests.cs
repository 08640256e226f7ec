using LambdaSandbox.Templates;

namespace LambdaSandbox.Tests.Templates;

public sealed class SamTemplateTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-template-").FullName;
    private readonly List<string> notes = [];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>As `cdk synth` writes it.</summary>
    [Fact]
    public void Read_AssetsOfCdk_AreTheFilesBesideTheTemplate()
    {
        Directory.CreateDirectory(Path.Combine(folder, "asset.1a"));
        File.WriteAllText(Path.Combine(folder, "asset.2b.zip"), "");
        var function = Read(
            """
            { "Resources": {
              "Layer2B": { "Type": "AWS::Lambda::LayerVersion",
                "Properties": { "Content": { "S3Bucket": { "Fn::Sub": "cdk-${AWS::AccountId}" }, "S3Key": "2b.zip" } },
                "Metadata": { "aws:asset:path": "asset.2b.zip", "aws:asset:is-bundled": false, "aws:asset:property": "Content" } },
              "Orders1A": { "Type": "AWS::Lambda::Function",
                "Properties": { "Code": { "S3Bucket": { "Fn::Sub": "cdk-${AWS::AccountId}" }, "S3Key": "1a.zip" }, "Layers": [ { "Ref": "Layer2B" } ] },
                "Metadata": { "aws:asset:path": "asset.1a", "aws:asset:property": "Code" } } } }
            """);

        Assert.Equal((Path.Combine(folder, "asset.1a"), Path.Combine(folder, "asset.2b.zip")), (function.Code, Assert.Single(function.Layers)));
    }

    [Fact]
    public void Read_FunctionAndGlobals_AreMerged()
    {
        Directory.CreateDirectory(Path.Combine(folder, "src"));
        Directory.CreateDirectory(Path.Combine(folder, "layer"));
        var function = Read(
            """
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              Table: { Type: String, Default: orders }
              Secret: { Type: String }
            Globals:
              Function:
                Timeout: 5
                MemorySize: 256
                Environment: { Variables: { SHARED: "1", TABLE: old } }
            Resources:
              MyLayer:
                Type: AWS::Serverless::LayerVersion
                Properties: { ContentUri: layer/ }
              Fn:
                Type: AWS::Serverless::Function
                Properties:
                  CodeUri: src/
                  Handler: index.handler
                  Runtime: nodejs22.x
                  MemorySize: 512
                  Tracing: Active
                  Layers:
                    - !Ref MyLayer
                    - arn:aws:lambda:eu-west-1:123456789012:layer:other:7
                  Environment:
                    Variables:
                      TABLE: !Ref Table
                      ARN: !Sub "arn:${AWS::Partition}:dynamodb:${AWS::Region}::${Table}"
                      SECRET: !Ref Secret
                      QUEUE: !GetAtt Queue.Arn
            """);

        Assert.Equal(("Fn", "nodejs22.x", "index.handler", 512), (function.Name, function.Runtime, function.Handler, function.MemorySizeMb));
        Assert.Equal((TimeSpan.FromSeconds(5), "active"), (function.Timeout, function.Tracing));
        Assert.Equal(Path.Combine(folder, "src/"), function.Code);
        Assert.Equal([Path.Combine(folder, "layer/")], function.Layers);
        Assert.Equal(
            new Dictionary<string, string> { ["SHARED"] = "1", ["TABLE"] = "orders", ["ARN"] = "arn:aws:dynamodb:eu-west-1::orders" }, function.Environment);
        Assert.Equal(3, notes.Count);
        Assert.Contains(notes, note => note.StartsWith("layer arn:aws:lambda", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("SECRET:", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("QUEUE:", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_SamBuild_IsPreferred()
    {
        var built = Directory.CreateDirectory(Path.Combine(folder, ".aws-sam", "build", "Fn")).FullName;
        Assert.Equal(built, Read(Simple("Fn")).Code);
    }

    [Fact]
    public void Read_MakefileNotBuilt_IsANote()
    {
        var function = Read(Simple("Fn") + "\n    Metadata: { BuildMethod: makefile }");
        Assert.Null(function.Code);
        Assert.Contains("sam build", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralFunctions_OneMustBeNamed()
    {
        Directory.CreateDirectory(Path.Combine(folder, "src"));
        var text = Simple("A") + "\n" + Simple("B")["Resources:\n".Length..];
        var error = Assert.Throws<SandboxException>(() => Read(text));
        Assert.Contains("A, B", error.Message, StringComparison.Ordinal);
        Assert.Equal("B", Read(text, "B").Name);
        Assert.Throws<SandboxException>(() => Read(text, "C"));
    }

    [Theory]
    [InlineData("Resources: [", "template.yaml:")]
    [InlineData("just text", "not a template")]
    [InlineData("A: 1", "no Resources")]
    [InlineData("Resources: {}", "no function")]
    public void Read_NotATemplate_SaysWhy(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<SandboxException>(() => Read(text)).Message, StringComparison.Ordinal);

    private static string Simple(string id) =>
        $$"""
        Resources:
          {{id}}:
            Type: AWS::Serverless::Function
            Properties: { CodeUri: src, Handler: bootstrap, Runtime: provided.al2023 }
        """;

    private TemplateFunction Read(string text, string? resource = null)
    {
        var path = Path.Combine(folder, "template.yaml");
        File.WriteAllText(path, text);
        return SamTemplate.Read(path, resource, notes);
    }
}
