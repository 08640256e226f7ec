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
}
