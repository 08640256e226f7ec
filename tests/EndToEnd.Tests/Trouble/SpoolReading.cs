using System.Buffers.Binary;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Trouble;

/// <summary>Reads the log records and spans in the complete files of a spool folder: not from their heads, but from the OTLP requests after them.</summary>
internal sealed record SpoolReading(int Files, IReadOnlyList<LogRecord> Logs, IReadOnlyList<Span> Spans)
{
    // The head's length and signal.
    private const int LengthAt = 8, SignalAt = 20, Traces = 0, Logged = 2;

    public static SpoolReading Of(string folder)
    {
        var files = Directory.GetFiles(folder, "*.otlp").Select(File.ReadAllBytes).ToList();
        return new(
            files.Count,
            [.. Bodies(Logged).SelectMany(body => ExportLogsServiceRequest.Parser.ParseFrom(body).ResourceLogs)
                .SelectMany(resource => resource.ScopeLogs).SelectMany(scope => scope.LogRecords)],
            [.. Bodies(Traces).SelectMany(body => ExportTraceServiceRequest.Parser.ParseFrom(body).ResourceSpans)
                .SelectMany(resource => resource.ScopeSpans).SelectMany(scope => scope.Spans)]);

        IEnumerable<byte[]> Bodies(int signal) =>
            files.Where(file => file[SignalAt] == signal).Select(file => file[BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(LengthAt))..]);
    }
}
