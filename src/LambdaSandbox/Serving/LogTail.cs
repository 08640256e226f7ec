using System.Globalization;
using System.Text;

namespace LambdaSandbox.Serving;

/// <summary>X-Amz-Log-Result: the last 4 KB of an invocation's log, with Lambda's own lines, in base64.</summary>
internal static class LogTail
{
    private const int MaxBytes = 4096;

    public static string Encode(PooledInvocation invocation, ServedFunction function)
    {
        var bytes = Encoding.UTF8.GetBytes(Text(invocation.Result, invocation.Lines, function.Options));
        return Convert.ToBase64String(bytes.AsSpan(Math.Max(0, bytes.Length - MaxBytes)));
    }

    public static string Text(InvocationResult result, IReadOnlyList<string> lines, SandboxOptions options)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"START RequestId: {result.RequestId} Version: {options.FunctionVersion}\n");
        foreach (var line in lines)
            text.Append(line).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"END RequestId: {result.RequestId}\n").Append(Report(result, options)).Append('\n');
        return text.ToString();
    }

    private static string Report(InvocationResult result, SandboxOptions options)
    {
        List<string> parts =
        [
            $"REPORT RequestId: {result.RequestId}",
            $"Duration: {Ms(result.Duration)} ms",
            string.Create(CultureInfo.InvariantCulture, $"Billed Duration: {result.BilledDuration.TotalMilliseconds:F0} ms"),
            $"Memory Size: {options.MemorySizeMb} MB",
            $"Max Memory Used: {result.MaxMemoryUsedMb} MB",
        ];
        if (result.InitDuration is { } init)
            parts.Add($"Init Duration: {Ms(init)} ms");
        if (result.Status != "success")
            parts.Add($"Status: {result.Status}");
        if (result is { Status: "error", Error: { } error })
            parts.Add($"Error Type: {error.ErrorType}");
        return string.Join('\t', parts) + "\t";
    }

    private static string Ms(TimeSpan duration) => duration.TotalMilliseconds.ToString("F2", CultureInfo.InvariantCulture);
}
