using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Ingest.TelemetryApi;

namespace TelemetryExtension.Tests.Processing;

/// <summary>Posts records to the Telemetry API's listener like the platform, one record per request. All of it has been read when a call returns.</summary>
internal sealed class ScriptedTelemetry(TelemetryEndpoint endpoint)
{
    private int _lines;

    /// <summary>Posts a line of the function, so that there is something to flush.</summary>
    public void LogLine() => Post("function", $"\"line {++_lines}\"");

    public void RuntimeDone(string id, string status = "success") => Post("platform.runtimeDone", $$"""{"requestId":"{{id}}","status":"{{status}}"}""");

    public void Report(string id, string status = "success") => Post("platform.report", $$"""{"requestId":"{{id}}","status":"{{status}}"}""");

    /// <param name="overheadMs">The time from the runtime's end to the extensions' Next, as the platform measured it.</param>
    public void Report(string id, double overheadMs) => Post(
        "platform.report",
        $$"""{"requestId":"{{id}}","status":"success","spans":[{"name":"extensionOverhead","start":"2026-01-01T00:00:00.000Z","durationMs":{{overheadMs}}}]}""");

    private void Post(string type, string record)
    {
        var bytes = Encoding.UTF8.GetBytes($$"""[{"time":"2026-01-01T00:00:00.000Z","type":"{{type}}","record":{{record}} }]""");
        var body = PooledBody.Rent(bytes.Length);
        bytes.CopyTo(body.Span);
        endpoint.Read(body);
    }
}
