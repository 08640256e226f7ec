namespace LambdaSandbox.Templates;

/// <summary>One function in a template. Null means that the template does not specify the value.</summary>
internal sealed record TemplateFunction
{
    public static TemplateFunction Empty { get; } = new();

    public string? Name { get; init; }

    /// <summary>A zip or folder on this machine.</summary>
    public string? Code { get; init; }

    public IReadOnlyList<string> Layers { get; init; } = [];
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public string? Runtime { get; init; }
    public string? Handler { get; init; }
    public int? MemorySizeMb { get; init; }
    public TimeSpan? Timeout { get; init; }

    /// <summary>active, passthrough or none.</summary>
    public string? Tracing { get; init; }

    /// <summary>text or json.</summary>
    public string? LogFormat { get; init; }
}
