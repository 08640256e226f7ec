using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LambdaSandbox.Templates;

/// <summary>Reads one function from a SAM or CloudFormation template, in YAML or JSON.</summary>
/// <remarks>Prefers the code in the folder of `sam build`, else the path in the template.</remarks>
internal sealed class SamTemplate
{
    private static readonly string[] Functions = ["AWS::Serverless::Function", "AWS::Lambda::Function"];
    private static readonly string[] LayerTypes = ["AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"];

    private readonly YamlMappingNode root;
    private readonly YamlMappingNode resources;
    private readonly string folder;
    private readonly TemplateValues values;
    private readonly List<string> notes;

    private SamTemplate(string path, YamlMappingNode root, List<string> notes)
    {
        this.root = root;
        this.notes = notes;
        folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        resources = TemplateValues.Mapping(root, "Resources") ?? throw new SandboxException($"--template: {path} has no Resources");
        values = new TemplateValues(root);
    }

    /// <param name="resource">The function's logical id; null when there is only one.</param>
    /// <exception cref="SandboxException">The template is unreadable, or the function is ambiguous.</exception>
    public static TemplateFunction Read(string path, string? resource, List<string> notes)
    {
        if (!File.Exists(path))
            throw new SandboxException($"--template: {path} does not exist");
        try
        {
            var stream = new YamlStream();
            using var reader = new StreamReader(path);
            stream.Load(reader);
            if (stream.Documents is not [{ RootNode: YamlMappingNode root }, ..])
                throw new SandboxException($"--template: {path} is not a template");
            return new SamTemplate(path, root, notes).Function(path, resource);
        }
        catch (YamlException e)
        {
            throw new SandboxException($"--template: {path}:{e.Start.Line}: {e.Message}", e);
        }
    }

    private TemplateFunction Function(string path, string? resource)
    {
        var all = resources.Children.Where(pair => Is(pair.Value, Functions)).Select(pair => ((YamlScalarNode)pair.Key).Value!).ToList();
        var id = resource ?? (all.Count == 1
            ? all[0]
            : throw new SandboxException($"--template: {path} has {(all.Count == 0 ? "no function" : $"several functions; --resource is one of {string.Join(", ", all)}")}"));
        if (!all.Contains(id))
            throw new SandboxException($"--resource: {path} has no function {id}; it has {string.Join(", ", all)}");
        var own = Properties(id);
        var shared = TemplateValues.Mapping(TemplateValues.Mapping(root, "Globals"), "Function");
        YamlNode? Node(string name) => TemplateValues.Find(own, name) ?? TemplateValues.Find(shared, name);
        string? Text(string name) => values.Text(Node(name));
        return new TemplateFunction
        {
            Name = Text("FunctionName") ?? id,
            Code = Code(id, Node("CodeUri") ?? Node("Code")),
            Layers = [.. Layers(TemplateValues.Find(shared, "Layers")), .. Layers(TemplateValues.Find(own, "Layers"))],
            Environment = Variables(shared, own),
            Runtime = Text("Runtime"),
            Handler = Text("Handler"),
            MemorySizeMb = Number(Text("MemorySize")),
            Timeout = Number(Text("Timeout")) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Tracing = (Text("Tracing") ?? values.Text(TemplateValues.Find(Node("TracingConfig"), "Mode")))?.ToLowerInvariant() switch
            {
                "active" => "active",
                "disabled" or null => null,
                _ => "passthrough",
            },
            LogFormat = values.Text(TemplateValues.Find(Node("LoggingConfig"), "LogFormat"))?.ToLowerInvariant() == "json" ? "json" : null,
        };
    }

    private Dictionary<string, string> Variables(params YamlNode?[] places)
    {
        Dictionary<string, string> variables = [];
        foreach (var place in places)
        {
            if (TemplateValues.Mapping(TemplateValues.Find(place, "Environment"), "Variables") is not { } map)
                continue;
            foreach (var (key, node) in map.Children)
            {
                var name = ((YamlScalarNode)key).Value!;
                if (values.Text(node) is { } value)
                    variables[name] = value;
                else
                    notes.Add($"{name}: only CloudFormation knows its value in the template; set it with --env {name}=...");
            }
        }

        return variables;
    }

    private IEnumerable<string> Layers(YamlNode? node)
    {
        foreach (var each in node is YamlSequenceNode list ? list.Children : [])
        {
            var id = TemplateValues.Reference(each);
            if (id is not null && resources.Children.TryGetValue(new YamlScalarNode(id), out var layer) && Is(layer, LayerTypes))
            {
                var properties = Properties(id);
                if (Code(id, TemplateValues.Find(properties, "ContentUri") ?? TemplateValues.Find(properties, "Content")) is { } path)
                    yield return path;
            }
            else
            {
                notes.Add($"layer {values.Text(each) ?? id ?? each.ToString()} is not part of the template; add it with --layer");
            }
        }
    }

    private string? Code(string id, YamlNode? node)
    {
        var built = Path.Combine(folder, ".aws-sam", "build", id);
        if (Directory.Exists(built))
            return built;
        var metadata = TemplateValues.Find(resources.Children[new YamlScalarNode(id)], "Metadata");
        // CDK names code in S3 by a hash, and here the folder or zip beside the template from which it was made.
        if (values.Text(TemplateValues.Find(metadata, "aws:asset:path")) is { } asset && Path.GetFullPath(Path.Combine(folder, asset)) is var made && (File.Exists(made) || Directory.Exists(made)))
            return made;
        if (values.Text(TemplateValues.Find(metadata, "BuildMethod")) is not null)
        {
            notes.Add($"{id} is not built: run `sam build`, or name what was built with --function and --layer");
            return null;
        }

        if (values.Text(node) is not { } uri || uri.Contains("://", StringComparison.Ordinal))
            return null;
        var path = Path.GetFullPath(Path.Combine(folder, uri));
        return File.Exists(path) || Directory.Exists(path) ? path : throw new SandboxException($"--template: {id}: {path} does not exist");
    }

    private YamlMappingNode? Properties(string id) => TemplateValues.Mapping(resources.Children[new YamlScalarNode(id)], "Properties");

    private bool Is(YamlNode node, string[] types) => types.Contains(values.Text(TemplateValues.Find(node, "Type")));

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
