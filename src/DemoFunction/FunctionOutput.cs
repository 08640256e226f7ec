using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DemoFunction;

/// <summary>The function's stdout: each line leaves in one write, so that Lambda never sees half a line before a freeze.</summary>
internal sealed class FunctionOutput(Stream stdout, TimeProvider time)
{
    public void Text(string line) => Write(Encoding.UTF8.GetBytes(line + "\n"));

    public void Json(string level, string message, string requestId, string? orderId = null, double? amount = null, string? errorType = null)
    {
        var timestamp = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var line = new LogLine(timestamp, level, message, requestId, orderId, amount, errorType);
        Write([.. JsonSerializer.SerializeToUtf8Bytes(line, DemoJson.Default.LogLine), (byte)'\n']);
    }

    /// <summary>Load for tests: numbered lines of exactly <paramref name="bytes"/> bytes each, line end not counted.</summary>
    public void Load(int lines, int bytes)
    {
        for (var number = 0; number < lines; number++)
        {
            var prefix = $"load {number.ToString(CultureInfo.InvariantCulture)} ";
            Text(prefix.PadRight(Math.Max(bytes, prefix.Length), 'x'));
        }
    }

    private void Write(byte[] line)
    {
        stdout.Write(line);
        stdout.Flush();
    }
}
