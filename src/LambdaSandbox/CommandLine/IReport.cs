namespace LambdaSandbox.CommandLine;

/// <summary>Tells people or programs what happened.</summary>
internal interface IReport
{
    void Line(string source, string text);

    void Started(Sandbox sandbox);

    void Invoked(InvocationResult result);

    void Ended(ShutdownResult result);
}
