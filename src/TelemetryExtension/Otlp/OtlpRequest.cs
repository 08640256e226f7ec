namespace TelemetryExtension.Otlp;

/// <summary>
/// Builds an Export{Logs,Metrics}ServiceRequest from items of one resource and one scope. It allocates one array of the exact size and copies the
/// items once.
/// </summary>
internal static class OtlpRequest
{
    /// <param name="resource">A serialized Resource message.</param>
    /// <param name="scope">A serialized InstrumentationScope message.</param>
    /// <param name="items">LogRecords or Metrics, each with its tag (<see cref="OtlpFields.Scope.Items"/>) and length.</param>
    public static byte[] Build(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> items, ReadOnlySpan<byte> schemaUrl)
    {
        var scopeLength = FieldLength(scope.Length) + items.Length + FieldLength(schemaUrl.Length);
        var resourceLength = FieldLength(resource.Length) + FieldLength(scopeLength);
        var request = new byte[FieldLength(resourceLength)];
        var rest = Header(request, OtlpFields.RequestResources, resourceLength);
        rest = Header(rest, OtlpFields.ResourceScope.Resource, resource.Length);
        rest = Put(rest, resource);
        rest = Header(rest, OtlpFields.ResourceScope.Scopes, scopeLength);
        rest = Header(rest, OtlpFields.Scope.InstrumentationScope, scope.Length);
        rest = Put(rest, scope);
        rest = Put(rest, items);
        rest = Header(rest, OtlpFields.Scope.SchemaUrl, schemaUrl.Length);
        Put(rest, schemaUrl);
        return request;
    }

    /// <summary>A serialized InstrumentationScope.</summary>
    public static byte[] EncodeScope(string name, string version)
    {
        using var writer = new OtlpWriter(128);
        writer.String(OtlpFields.Scope.Name, name);
        writer.String(OtlpFields.Scope.Version, version);
        return writer.ToArray();
    }

    /// <summary>An estimate of the bytes that <see cref="Build"/> adds to the items.</summary>
    public static int Overhead(int resourceLength, int scopeLength) => resourceLength + scopeLength + 128;

    private static int FieldLength(int length) => 1 + OtlpWriter.VarintLength((uint)length) + length;

    private static Span<byte> Header(Span<byte> to, int field, int length)
    {
        to[0] = (byte)((field << 3) | (int)WireType.LengthDelimited);
        var at = 1;
        var rest = (uint)length;
        for (; rest >= 0x80; rest >>= 7)
            to[at++] = (byte)(rest | 0x80);
        to[at++] = (byte)rest;
        return to[at..];
    }

    private static Span<byte> Put(Span<byte> to, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(to);
        return to[bytes.Length..];
    }
}
