using System.Text;

namespace TelemetryExtension.Diagnostics;

/// <summary>Writes records to <see cref="StandardOutput"/>, whole lines only. A full pipe blocks the caller, but never the log.</summary>
internal sealed class StandardOutputWriter(StandardOutput output) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void WriteLine(string? value) => output.WriteLine(value ?? "");

    public override void Write(char value) => throw new NotSupportedException("whole lines only");
}
