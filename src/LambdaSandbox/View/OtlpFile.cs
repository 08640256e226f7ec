using System.Text;
using System.Text.Json;
using Google.Protobuf;
using LambdaSandbox.Backend;

namespace LambdaSandbox.View;

/// <summary>Telemetry in a file: one export request in OTLP JSON per line, the format of the OpenTelemetry Collector's file exporter.</summary>
internal static class OtlpFile
{
    private static readonly (string Key, OtlpSignal Signal)[] Signals =
        [("resourceSpans", OtlpSignal.Traces), ("resourceLogs", OtlpSignal.Logs), ("resourceMetrics", OtlpSignal.Metrics)];

    public static void Write(TextWriter output, IEnumerable<ReceivedRequest> requests)
    {
        foreach (var request in requests.Where(request => request is { AcceptedItems: > 0, Message: not null }))
            output.WriteLine(Encoding.UTF8.GetString(OtlpJsonWriter.Write(request.Message!)));
    }

    /// <exception cref="SandboxException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<ReceivedRequest> requests)
    {
        try
        {
            using var output = new StreamWriter(path);
            Write(output, requests);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{path}: {e.Message}", e);
        }
    }

    /// <exception cref="SandboxException">The file is missing, or a line is not OTLP JSON.</exception>
    public static IEnumerable<(OtlpSignal Signal, IMessage Message)> Read(string path)
    {
        if (!File.Exists(path))
            throw new SandboxException($"{path} does not exist");
        var text = File.ReadAllText(path);

        // Also accept a single, indented request.
        if (TryReadOne(text, out var whole))
            return whole;
        return [.. text.Split('\n').Select((line, index) => (line, index)).Where(each => each.line.Trim().Length > 0).SelectMany(each => ReadLine(each.line, $"{path}:{each.index + 1}"))];
    }

    private static bool TryReadOne(string text, out IReadOnlyList<(OtlpSignal, IMessage)> messages)
    {
        messages = [];
        try
        {
            messages = ReadLine(text, "");
            return true;
        }
        catch (SandboxException)
        {
            return false;
        }
    }

    private static List<(OtlpSignal, IMessage)> ReadLine(string line, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new SandboxException($"{place}: not an export request in OTLP JSON");
            var bytes = Encoding.UTF8.GetBytes(line);
            List<(OtlpSignal, IMessage)> found = [.. Signals.Where(signal => document.RootElement.TryGetProperty(signal.Key, out _))
                .Select(signal => (signal.Signal, OtlpMessages.Decode(signal.Signal, bytes, json: true)))];
            return found.Count > 0 ? found : throw new SandboxException($"{place}: neither resourceSpans, resourceLogs nor resourceMetrics");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new SandboxException($"{place}: {e.Message}", e);
        }
    }
}
