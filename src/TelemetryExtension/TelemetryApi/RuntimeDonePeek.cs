using System.Text;
using System.Text.Json;

namespace TelemetryExtension.TelemetryApi;

/// <summary>The two fields of a record that cannot wait for the flush: whose end it is, and whether it went wrong.</summary>
internal readonly record struct RuntimeDonePeek(string? RequestId, bool Failed)
{
    /// <param name="json">A copy of the reader, at the start of the record object; throws JsonException on broken JSON.</param>
    public static RuntimeDonePeek Read(Utf8JsonReader json)
    {
        string? requestId = null;
        var failed = false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isRequestId = json.ValueTextEquals("requestId"u8);
            var isStatus = json.ValueTextEquals("status"u8);
            json.Read();
            if (isRequestId && json.TokenType == JsonTokenType.String)
                requestId = Encoding.UTF8.GetString(json.ValueSpan);
            else if (isStatus && json.TokenType == JsonTokenType.String)
                failed = !json.ValueTextEquals("success"u8);
            json.Skip();
        }

        return new(requestId, failed);
    }
}
