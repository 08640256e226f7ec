namespace LambdaSandbox;

/// <summary>The sandbox itself cannot do what was asked of it: a wrong option, a missing tool or right.</summary>
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

    /// <summary>A control group was asked for, and there is none here or it is not ours to make.</summary>
    public bool LacksControlGroup { get; init; }
}
