namespace LambdaSandbox.Serving;

/// <summary>The function, as the serving classes see it.</summary>
/// <param name="IsPlayed">Whether it runs elsewhere, for example in a debugger, so that an invocation waits for it.</param>
/// <param name="Stopping">Cancelled when the server stops at once.</param>
internal sealed record ServedFunction(SandboxOptions Options, bool IsPlayed, CancellationToken Stopping)
{
    public string Version => Options.FunctionVersion;
}
