using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace LambdaSandbox.CommandLine;

/// <summary>Prints the events of each invocation when it is over, one of them in full, and at the end the metrics as CloudWatch extracts them.</summary>
internal sealed class CloudWatchDemoText
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly DemoConsole _demo = new();
    private bool _shownInFull;

    public void Started(Sandbox sandbox, Uri server, string group) => _demo.Started(sandbox, $"backend    CloudWatch Logs (moto) on {server}, log group {group}");

    public void Invoked(DemoStep step, InvocationResult result, IReadOnlyList<CloudWatchEvent> events)
    {
        _demo.Invoked(step.Title, step.Payload, result);
        var own = CloudWatchEvent.Of(result, events).ToList();
        if (own.Count == 0)
            _demo.Line("(nothing has arrived of it yet)");
        foreach (var each in own)
            Show(each);
        if (_shownInFull || own.Find(each => !each.IsSpan) is not { } log)
            return;
        _shownInFull = true;
        _demo.Line("");
        _demo.Line("A log event in full:");
        _demo.Line(log.Body.ToJsonString(Readable));
        _demo.Line("");
    }

    public void Ended(
        ShutdownResult end, IReadOnlyList<CloudWatchEvent> events, IReadOnlyList<string> said, IReadOnlyList<LedgerLine> ledger, IReadOnlyList<DemoCheck> checks)
    {
        _demo.ShutDown(end, said);
        foreach (var each in events.Where(each => each is { IsMetric: false, TraceId: null }))
            Show(each);
        _demo.Heading("metrics, out of the lines in Embedded Metric Format");
        var table = new Table().Border(TableBorder.Minimal);
        table.AddColumns("time", "metric", "value", "unit", "dimensions");
        foreach (var each in events.Where(each => each.IsMetric))
            foreach (var (name, unit, value) in each.Metrics)
                table.AddRow(Time(each), Markup.Escape(name), Markup.Escape(value), Markup.Escape(unit), Markup.Escape(Dimensions(each.Body)));
        _demo.Console.Write(table);
        _demo.Ended(ledger, checks);
    }

    private void Show(CloudWatchEvent each)
    {
        var status = each.Body["status"] is { } said ? $" {said}" : "";
        var what = each.IsSpan
            ? string.Create(CultureInfo.InvariantCulture, $"span {each.Body["name"]} ({(double)each.Body["durationMs"]!:F1} ms){status}")
            : $"log  {Severity(each.Body)}{Body(each.Body["body"])}";
        _demo.Console.MarkupLine($"[grey]{Time(each)} {each.TraceId?[..8]}[/] {Markup.Escape(what)}");
    }

    private static string Severity(JsonObject log) => log["severityText"] is { } text ? $"{text} " : "";

    private static string Body(JsonNode? body) => body is JsonValue value && value.TryGetValue<string>(out var text) ? text.TrimEnd() : body?.ToJsonString() ?? "";

    private static string Time(CloudWatchEvent each) => each.Time.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static string Dimensions(JsonObject line) => string.Join(
        "; ",
        line["_aws"]!["CloudWatchMetrics"]![0]!["Dimensions"]!.AsArray()
            .Select(set => string.Join(", ", set!.AsArray().Select(name => $"{name}={line[(string)name!]}"))));
}
