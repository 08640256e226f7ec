using System.Text;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Logs;

/// <summary>The attribute names of log records, as bytes for the writer.</summary>
internal static class LogAttributes
{
    public static readonly byte[] InvocationId = Encoding.UTF8.GetBytes(Conventions.FaasInvocationId);
    public static readonly byte[] TenantId = Encoding.UTF8.GetBytes(Conventions.TenantId);
    public static readonly byte[] DurableExecution = Encoding.UTF8.GetBytes(Conventions.DurableExecutionArn);
    public static readonly byte[] ExceptionType = Encoding.UTF8.GetBytes(Conventions.ExceptionType);
    public static readonly byte[] ExceptionMessage = Encoding.UTF8.GetBytes(Conventions.ExceptionMessage);
    public static readonly byte[] ExceptionStackTrace = Encoding.UTF8.GetBytes(Conventions.ExceptionStackTrace);
    public static readonly byte[] ErrorType = Encoding.UTF8.GetBytes(Conventions.ErrorType);

    /// <summary>An event name.</summary>
    public static readonly byte[] InvocationException = Encoding.UTF8.GetBytes(Conventions.InvocationException);

    private static readonly byte[][] Own = [InvocationId, TenantId, DurableExecution, ExceptionType, ExceptionMessage, ExceptionStackTrace];

    /// <summary>Whether a record may get this attribute beside the members of its JSON.</summary>
    public static bool IsOwn(ReadOnlySpan<byte> key)
    {
        if (key.IndexOf((byte)'.') < 0)
            return false;
        foreach (var own in Own)
            if (key.SequenceEqual(own))
                return true;
        return false;
    }
}
