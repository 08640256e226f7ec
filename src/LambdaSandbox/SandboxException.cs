namespace LambdaSandbox;

/// <summary>The sandbox cannot do what the caller requests: an invalid option, a missing tool or permission.</summary>
public sealed class SandboxException : Exception
{
    public SandboxException()
    {
    }

    public SandboxException(string message)
        : base(message)
    {
    }

    public SandboxException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A control group was requested, but there is none here, or this process may not create one.</summary>
    public bool LacksControlGroup { get; init; }
}
