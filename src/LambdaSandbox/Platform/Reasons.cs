using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;

namespace LambdaSandbox.Platform;

/// <summary>Explains for people why an init or invocation failed, and what to do.</summary>
internal static class Reasons
{
    private static readonly System.Text.Json.JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string ExitOfRuntime(int? code) => $"Runtime exited with error: {Exit(code)}";

    public static string ExitOfExtension(string name, int? code) => $"extension {name} exited outside of SHUTDOWN: {Exit(code)}";

    public static string TimedOut(TimeSpan after) => string.Create(CultureInfo.InvariantCulture, $"Task timed out after {after.TotalSeconds:F2} seconds");

    /// <summary>Explains an init that timed out: for what it waited.</summary>
    public static string Init(Generation generation, TimeSpan limit)
    {
        var silent = generation.Extensions.Where(e => e.IsExternal && !e.HasRegistered).Select(e => $"extension {e.Name} to register").ToList();
        if (silent.Count == 0 && generation.RuntimeFirstNextAt is null && generation.RestoreNextAt is null)
            silent.Add("the runtime to call Next");
        if (silent.Count == 0)
            silent.AddRange(generation.Extensions.Where(e => !e.IsIdle).Select(e => $"extension {e.Name} to call Next"));
        return string.Create(CultureInfo.InvariantCulture, $"init did not end within {limit.TotalSeconds:F2} seconds; it waited for {string.Join(", ", silent)}");
    }

    public static string Exit(int? code) => code switch
    {
        null => "it is gone",
        137 => "signal: killed",
        139 => "signal: segmentation fault",
        134 => "signal: aborted",
        > 128 and var signalled => $"signal: {signalled - 128}",
        _ => $"exit status {code}",
    };

    /// <summary>The answer that AWS sends to the caller when the function gave none.</summary>
    public static string Answer(string requestId, string errorType, string reason) =>
        new JsonObject { ["errorType"] = errorType, ["errorMessage"] = $"RequestId: {requestId} Error: {reason}" }.ToJsonString(Json);

    /// <summary>What to do about the failure. Null when the reason is enough.</summary>
    public static string? Advice(string errorType, Generation? generation, SandboxOptions options, bool outOfMemory) => errorType switch
    {
        _ when outOfMemory => $"out of memory: the processes needed more than the {options.MemorySizeMb} MB of --memory",
        "Runtime.InvalidEntrypoint" => "put an executable file `bootstrap` into the function or a layer, or name the runtime with --runtime or --command",
        "Runtime.ExitError" when generation?.RuntimeExitCode is 126 or 127 => "the runtime, or the interpreter in its first line, was not found or cannot be executed here",
        "Runtime.ExitError" => "the runtime's output has the reason",
        "Extension.LaunchError" => "every file in /opt/extensions must be executable (chmod +x) and made for this machine; other files belong elsewhere",
        "Extension.Crash" => "an extension may exit only after SHUTDOWN; its output has the reason",
        "Extension.InitError" or "Extension.ExitError" => "the extension reported this itself; its output may contain more",
        "Sandbox.Timedout" when generation?.InitDuration is null || generation.RuntimeFirstNextAt is null =>
            "on Lambda an init may take 10 s; a name in Register that differs from the file's name makes it wait for ever",
        "Sandbox.Timedout" => "raise --timeout, or look at what the function and the extensions waited for",
        _ => null,
    };
}
