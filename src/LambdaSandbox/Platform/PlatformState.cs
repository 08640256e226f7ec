using LambdaSandbox.Http;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Platform;

/// <summary>The state that the three APIs and the life cycle share.</summary>
internal sealed class PlatformState(SandboxOptions options)
{
    public SandboxOptions Options { get; } = options;

    public Gate Gate { get; } = new();

    /// <summary>The current generation. Null before the first init, and between a reset and the next init.</summary>
    public Generation? Current { get; set; }

    /// <summary>How a fault freezes everything for a while.</summary>
    public Func<TimeSpan, Task> Freeze { get; set; } = _ => Task.CompletedTask;

    public string FunctionArn { get; } = $"arn:aws:lambda:{options.Region}:{options.AccountId}:function:{options.FunctionName}";

    /// <summary>Lets the faults happen that belong to this point. Called outside of the gate.</summary>
    public void Reached(LifePoint point, string? process = null)
    {
        if (Options.Faults.At is not { } happen)
            return;
        var processes = Gate.Read(() => Current is { } current ? current.Processes.ToList() : []);
        happen(new Moment(point, process, [.. processes.Where(each => !each.Exited.IsCompleted).Select(each => (each.Name, each.Pid))], Freeze));
    }

    /// <summary>Finds the extension by the identifier in the request.</summary>
    public ExtensionAgent Find(HttpContext context)
    {
        var text = context.Header("Lambda-Extension-Identifier")
            ?? throw new ApiError(403, "Extension.MissingExtensionIdentifier", "Lambda-Extension-Identifier header is missing");
        if (!Guid.TryParse(text, out var id))
            throw new ApiError(403, "Extension.InvalidExtensionIdentifier", $"{text} is not a UUID");
        return Gate.Read(() => Current?.Extensions.Find(e => e.Id == id && e.HasRegistered))
            ?? throw new ApiError(403, "Extension.UnknownExtensionIdentifier", $"{text} is not known");
    }
}
