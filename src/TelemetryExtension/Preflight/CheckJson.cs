using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Preflight;

/// <summary>The report for programs.</summary>
internal static class CheckJson
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(CheckReport report, TextWriter output)
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            Array(json, "problems", report.Problems, static (json, problem) => json.WriteStringValue(problem));
            Array(json, "destinations", report.Destinations, static (json, destination) =>
            {
                json.WriteStartObject();
                json.WriteString("name", destination.Name);
                Array(json, "details", destination.Details, static (json, detail) => json.WriteStringValue(detail));
                json.WriteEndObject();
            });
            Array(json, "connections", report.Connections, Connection);
            Array(json, "settings", report.Settings, static (json, setting) =>
            {
                json.WriteStartObject();
                json.WriteString("name", setting.Name);
                json.WriteString("value", setting.Value);
                json.WriteString("source", setting.Source switch { SettingSource.Environment => "environment", SettingSource.Default => "default", _ => "problem" });
                Explain(json, setting.Name);
                json.WriteEndObject();
            });
            json.WriteNumber("exitCode", report.ExitCode);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    /// <summary>From the list of settings, which has none of the standard's.</summary>
    private static void Explain(Utf8JsonWriter json, string name)
    {
        if (SettingCatalogue.All.FirstOrDefault(setting => SettingNames.Prefix + setting.Name == name) is not { } known)
            return;
        json.WriteString("default", known.Default);
        json.WriteString("unit", known.Unit);
        json.WriteString("example", known.Example);
        json.WriteString("meaning", known.Meaning);
    }

    private static void Connection(Utf8JsonWriter json, CheckedConnection connection)
    {
        json.WriteStartObject();
        json.WriteString("endpoint", connection.Endpoint);
        json.WriteBoolean("works", connection.Works);
        Array(json, "steps", connection.Steps, static (json, step) =>
        {
            json.WriteStartObject();
            json.WriteString("name", step.Name);
            json.WriteBoolean("works", step.Works);
            json.WriteString("detail", step.Detail);
            json.WriteNumber("milliseconds", Math.Round(step.Took.TotalMilliseconds, 1));
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
            write(json, item);
        json.WriteEndArray();
    }
}
