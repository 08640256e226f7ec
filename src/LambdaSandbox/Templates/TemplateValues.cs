using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace LambdaSandbox.Templates;

/// <summary>The values in a template that are known without CloudFormation: parameters' defaults and pseudo parameters.</summary>
internal sealed partial class TemplateValues(YamlMappingNode root)
{
    private static readonly Dictionary<string, string> Pseudo = new()
    {
        ["AWS::Region"] = "eu-west-1",
        ["AWS::AccountId"] = "123456789012",
        ["AWS::Partition"] = "aws",
        ["AWS::StackName"] = "local",
        ["AWS::URLSuffix"] = "amazonaws.com",
    };

    public static YamlNode? Find(YamlNode? node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var found) ? found : null;

    public static YamlMappingNode? Mapping(YamlNode? node, string name) => Find(node, name) as YamlMappingNode;

    /// <summary>The name in !Ref X or {"Ref": X}.</summary>
    public static string? Reference(YamlNode node) => node switch
    {
        YamlScalarNode { Tag: { IsEmpty: false, Value: "!Ref" } } scalar => scalar.Value,
        YamlMappingNode => (Find(node, "Ref") as YamlScalarNode)?.Value,
        _ => null,
    };

    /// <summary>The value, or null when it is unknown here.</summary>
    public string? Text(YamlNode? node)
    {
        if (node is null)
            return null;
        if (Reference(node) is { } name)
            return Value(name);
        if (node is YamlScalarNode scalar)
            return Tag(scalar) switch
            {
                "!Sub" => Substitute(scalar.Value!),
                "" => scalar.Value,
                _ => null,
            };
        return Find(node, "Fn::Sub") is YamlScalarNode text ? Substitute(text.Value!) : null;
    }

    private static string Tag(YamlNode node) => !node.Tag.IsEmpty && node.Tag.Value.StartsWith('!') ? node.Tag.Value : "";

    private string? Value(string name) =>
        Pseudo.TryGetValue(name, out var pseudo) ? pseudo : (Find(Mapping(Mapping(root, "Parameters"), name), "Default") as YamlScalarNode)?.Value;

    private string? Substitute(string text)
    {
        var known = true;
        var result = Placeholder().Replace(text, match =>
        {
            if (match.Groups[1].Value is ['!', .. var literal])
                return "${" + literal + "}";
            var value = Value(match.Groups[1].Value);
            known &= value is not null;
            return value ?? "";
        });
        return known ? result : null;
    }

    [GeneratedRegex(@"\$\{([^}]+)\}")]
    private static partial Regex Placeholder();
}
