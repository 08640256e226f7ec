using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TelemetryExtension.Processing.Spans;

/// <summary>
/// Sets the span id of an activity. Activity has no public way to do that, and without it the function's own spans could not become children of the
/// invocation. It is the only such access in the project. A test fails if a future framework moves the field.
/// </summary>
internal static class SpanIdAccessor
{
    public static void Set(Activity activity, ActivitySpanId spanId) => SpanId(activity) = spanId.ToHexString();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanId(Activity activity);
}
