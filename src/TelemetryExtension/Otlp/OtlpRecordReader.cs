namespace TelemetryExtension.Otlp;

/// <summary>
/// Walks the spans, log records or metrics of a serialized Export*ServiceRequest. The field numbers are the same in all three signals. Unreadable
/// parts are skipped.
/// </summary>
internal ref struct OtlpRecordReader(ReadOnlySpan<byte> request)
{
    private ProtobufReader _resources = new(request);
    private ProtobufReader _scopes;
    private ProtobufReader _items;

    public bool TryRead(out ReadOnlySpan<byte> record)
    {
        while (!_items.TryFind(OtlpFields.Scope.Items, out record))
        {
            ReadOnlySpan<byte> scope;
            while (!_scopes.TryFind(OtlpFields.ResourceScope.Scopes, out scope))
            {
                if (!_resources.TryFind(OtlpFields.RequestResources, out var resource))
                    return false;
                _scopes = new(resource);
            }

            _items = new(scope);
        }

        return true;
    }
}
