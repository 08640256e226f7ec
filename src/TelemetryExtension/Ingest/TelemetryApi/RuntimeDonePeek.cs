using System.Text;
using System.Text.Json;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>The two fields of a record that cannot wait for the flush: the request id, and whether the invocation failed.</summary>
internal readonly record struct RuntimeDonePeek(string? RequestId, bool Failed)
{
    /// <param name="record">Valid JSON. Anything except an object gives empty values.</param>
    public static RuntimeDonePeek Read(ReadOnlySpan<byte> record)
    {
        var json = new Utf8JsonReader(record, new JsonReaderOptions { AllowTrailingCommas = true, MaxDepth = 128 });
        string? requestId = null;
        var failed = false;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isRequestId = json.TextIs("requestId"u8);
            var isStatus = json.TextIs("status"u8);
            json.Read();
            if (isRequestId && json.TokenType == JsonTokenType.String)
                requestId = Encoding.UTF8.GetString(json.ValueSpan);
            else if (isStatus && json.TokenType == JsonTokenType.String)
                failed = !json.TextIs("success"u8);
            json.Skip();
        }

        return new(requestId, failed);
    }
}
