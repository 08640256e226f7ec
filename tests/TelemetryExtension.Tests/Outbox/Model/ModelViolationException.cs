namespace TelemetryExtension.Tests.Outbox.Model;

/// <summary>The outbox did something that the model does not allow.</summary>
public sealed class ModelViolationException(string message) : Exception(message)
{
    public static void Unless(bool condition, string promise)
    {
        if (!condition)
            throw new ModelViolationException($"broken: {promise}");
    }
}
