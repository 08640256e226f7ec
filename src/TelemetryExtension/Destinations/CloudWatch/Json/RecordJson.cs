using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Destinations.CloudWatch.Json;

/// <summary>Writes the JSON that log records and spans share. Names are those of OTLP's own JSON, so that Logs Insights finds traceId and spanId.</summary>
internal sealed class RecordJson(ResourceInEvents resources) : IDisposable
{
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private Utf8JsonWriter? _json;

    /// <summary>Starts the next object. <see cref="End"/> returns its text.</summary>
    public Utf8JsonWriter Begin()
    {
        _buffer.ResetWrittenCount();
        if (_json is null)
            _json = new(_buffer, Options);
        else
            _json.Reset(_buffer);
        _json.WriteStartObject();
        return _json;
    }

    public int Length => _buffer.WrittenCount;

    public string End()
    {
        _json!.WriteEndObject();
        _json.Flush();
        return Encoding.UTF8.GetString(_buffer.WrittenSpan);
    }

    public void Dispose() => _json?.Dispose();

    public void WriteSource(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope)
    {
        var scopeName = OtlpRecords.Find(scope, 1);
        if (!scopeName.IsEmpty)
            _json!.WriteString("scope", scopeName);
        if (resources == ResourceInEvents.All)
            AnyValueJson.WriteAttributes(_json!, "resource", resource, 1);
        else if (resources == ResourceInEvents.Service && AnyValueJson.Text(resource, 1, "service.name") is { } service)
            _json!.WriteString("service.name", service);
    }

    /// <summary>Writes an id in hex, as trace ids are usually shown. Writes nothing for a missing or zero id.</summary>
    public void WriteId(string name, ReadOnlySpan<byte> id)
    {
        if (id.IndexOfAnyExcept((byte)0) >= 0)
            _json!.WriteString(name, Convert.ToHexStringLower(id));
    }

    /// <summary>ISO 8601 with all nine digits of the nanoseconds.</summary>
    public static string Iso(ulong unixNano)
    {
        // Return the last representable moment for an impossible time, because an exception would cost the payload.
        var ticks = Math.Min(unixNano / 100, (ulong)(DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks));
        var time = DateTime.UnixEpoch.AddTicks((long)ticks);
        return string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-ddTHH:mm:ss}.{unixNano % 1_000_000_000:D9}Z");
    }
}
