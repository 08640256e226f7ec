namespace LambdaSandbox.Serving;

/// <summary>What the serving parts know of the function.</summary>
/// <param name="IsPlayed">Somebody else runs it, such as a debugger: an invocation waits for it.</param>
/// <param name="Stopping">Cancelled when the server ends at once.</param>
internal sealed record ServedFunction(SandboxOptions Options, bool IsPlayed, CancellationToken Stopping)
{
    public string Version => Options.FunctionVersion;
}
