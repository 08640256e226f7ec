namespace TelemetryExtension.Tests.Rooms;

/// <param name="FromFolder">Relative to src/TelemetryExtension, such as <c>Ingest/Http</c>.</param>
public sealed record Reference(string From, string FromFolder, string To, string ToFolder)
{
    public string FromRoom => FromFolder.Split('/')[0];

    public string ToRoom => ToFolder.Split('/')[0];
}
