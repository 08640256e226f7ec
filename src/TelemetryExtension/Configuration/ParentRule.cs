namespace TelemetryExtension.Configuration;

/// <summary>Whether an invocation's span has the parent that the X-Ray header names.</summary>
internal enum ParentRule : byte
{
    /// <summary>Unless everything says that AWS made the parent, which then only X-Ray has.</summary>
    Auto,

    /// <summary>Always.</summary>
    Keep,

    /// <summary>Never: each invocation is a root, in the same trace.</summary>
    Root,
}
