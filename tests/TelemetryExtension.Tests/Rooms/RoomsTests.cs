using System.Text.RegularExpressions;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Rooms;

/// <summary>
/// The allowed direction between the folders of src/TelemetryExtension ("rooms"). A room lists every room that it may know; sub-folders belong to their room.
/// There is no list of exceptions: a new edge either follows the way of the data and gets into this list, or the code moves.
/// </summary>
public partial class RoomsTests
{
    private static readonly Dictionary<string, string> MayKnow = new()
    {
        ["Native"] = "",
        ["Otlp"] = "",
        ["Diagnostics"] = "Configuration Otlp",
        ["Configuration"] = "Otlp",
        ["Lambda"] = "Diagnostics",
        ["Network"] = "Configuration Diagnostics Native",
        ["Buffering"] = "Configuration Diagnostics Otlp",
        ["Ingest"] = "Buffering Configuration Diagnostics Native Otlp",
        ["Aws"] = "Configuration Diagnostics Network",
        ["Secrets"] = "Aws Configuration Diagnostics Native Network",
        ["Destinations"] = "Aws Configuration Diagnostics Network Otlp Secrets",
        ["Outbox"] = "Configuration Destinations Diagnostics Otlp",
        ["Delivery"] = "Destinations Diagnostics Network Otlp Outbox",
        ["Processing"] = "Buffering Configuration Diagnostics Lambda Native Otlp Outbox",
        ["DeadLetters"] = "Configuration Delivery Destinations Diagnostics Network Otlp Secrets",
        ["Flushing"] = "Configuration Delivery Diagnostics Processing",
        ["Lifecycle"] = "Buffering Configuration DeadLetters Delivery Destinations Diagnostics Flushing Ingest Lambda Native Otlp Outbox Processing Secrets",
        ["Preflight"] = "Configuration Destinations Diagnostics Network Otlp Secrets",
        ["Program.cs"] = "DeadLetters Lifecycle Preflight",
    };

    private static readonly Lazy<IReadOnlyList<Reference>> References = new(static () =>
        [.. TypeReferences.Of(typeof(ExtensionOptions).Assembly), .. SourceFiles.Usings()]);

    [Fact]
    public void Room_KnowsOnly_RoomsItMayKnow() => AssertNone(References.Value
        .Where(static reference => reference.FromRoom != reference.ToRoom && !Allowed(reference.FromRoom).Contains(reference.ToRoom))
        .Select(static reference => $"{reference.From} ({reference.FromFolder}) knows {reference.To} ({reference.ToFolder})"));

    /// <summary>Sub-folders count too, because two folders that know each other are one.</summary>
    [Fact]
    public void Folders_KnowEachOther_WithoutACircle() => AssertNone(Circles.In(References.Value));

    [Fact]
    public void MayKnow_HasNoCircle() => AssertNone(Circles.In(
        MayKnow.SelectMany(static room => room.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(to => new Reference(room.Key, room.Key, to, to)))));

    /// <summary>An allowed edge without a use is out of date.</summary>
    [Fact]
    public void MayKnow_AllowsNothingUnused() => AssertNone(
        MayKnow.SelectMany(static room => Allowed(room.Key).Select(to => $"{room.Key} -> {to}"))
            .Except(References.Value.Select(static reference => $"{reference.FromRoom} -> {reference.ToRoom}")));

    [Fact]
    public void Namespace_OfEveryFile_IsItsFolder() => AssertNone(SourceFiles.All()
        .Select(static file => (file.Path, file.Folder, Namespace: Namespace().Match(file.Text).Groups[1].Value))
        .Where(static file => file.Namespace.Length > 0 && !file.Namespace.StartsWith("Amazon.", StringComparison.Ordinal) && SourceFiles.FolderOf(file.Namespace) != file.Folder)
        .Select(static file => $"{file.Path}: {file.Namespace}"));

    private static void AssertNone(IEnumerable<string> faults)
    {
        var lines = faults.Order(StringComparer.Ordinal).ToList();
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }

    private static HashSet<string> Allowed(string room) =>
        MayKnow.TryGetValue(room, out var rooms) ? [.. rooms.Split(' ', StringSplitOptions.RemoveEmptyEntries)] : [];

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
