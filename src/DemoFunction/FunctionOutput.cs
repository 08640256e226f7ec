using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DemoFunction;

/// <summary>The function's stdout. Each line is one write, so that Lambda never sees half a line before a freeze.</summary>
internal sealed class FunctionOutput(Stream stdout, TimeProvider time)
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    public void Text(string line) => Write(Encoding.UTF8.GetBytes(line + "\n"));

    public void Json(string level, string message, string requestId, string? orderId = null, double? amount = null, string? errorType = null)
    {
        var timestamp = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var line = new LogLine(timestamp, level, message, requestId, orderId, amount, errorType);
        Write([.. JsonSerializer.SerializeToUtf8Bytes(line, DemoJson.Default.LogLine), (byte)'\n']);
    }

    /// <summary>Writes load for tests: numbered lines of exactly <paramref name="bytes"/> bytes each, without the line end.</summary>
    /// <param name="random">Whether lines are filled with random letters instead of one repeated letter.</param>
    public void Load(int lines, int bytes, bool random)
    {
        for (var number = 0; number < lines; number++)
        {
            var prefix = $"load {number.ToString(CultureInfo.InvariantCulture)} ";
            var length = Math.Max(bytes - prefix.Length, 0);
            Text(prefix + (random ? string.Create(length, 0, static (text, _) => Random.Shared.GetItems<char>(Letters, text)) : new string('x', length)));
        }
    }

    private void Write(byte[] line)
    {
        stdout.Write(line);
        stdout.Flush();
    }
}
