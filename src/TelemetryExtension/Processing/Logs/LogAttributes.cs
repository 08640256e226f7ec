using System.Text;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Logs;

/// <summary>The attribute names of log records, as bytes for the writer.</summary>
internal static class LogAttributes
{
    public static readonly byte[] InvocationId = Encoding.UTF8.GetBytes(Conventions.FaasInvocationId);
    public static readonly byte[] ExceptionType = Encoding.UTF8.GetBytes(Conventions.ExceptionType);
    public static readonly byte[] ExceptionMessage = Encoding.UTF8.GetBytes(Conventions.ExceptionMessage);
    public static readonly byte[] ExceptionStackTrace = Encoding.UTF8.GetBytes(Conventions.ExceptionStackTrace);
}
