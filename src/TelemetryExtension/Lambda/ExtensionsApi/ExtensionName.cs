using System.Runtime.InteropServices;

namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>
/// Finds the name to register under. Lambda requires the base name of the file in /opt/extensions that it started. Under any other name this process counts
/// as an internal extension: init waits in vain for the file, and the function fails.
/// </summary>
internal static partial class ExtensionName
{
    public const string Default = "telemetry-extension";

    /// <summary>Lambda starts at most ten extensions.</summary>
    private const int MaxFiles = 10;

    private const int MaxScriptBytes = 64 * 1024;

    /// <summary>The possible names, the most likely first. Lambda refuses a wrong name, and a name that another copy has taken.</summary>
    public static IEnumerable<string> Candidates()
    {
        var started = Environment.GetCommandLineArgs() is [{ Length: > 0 } first, ..] ? first : Environment.ProcessPath ?? Default;
        return Candidates(started, ParentArguments, ExtensionsFolder(Environment.ProcessPath));
    }

    /// <param name="started">argv[0]: the path that Lambda started, possibly a symbolic link.</param>
    /// <param name="parentArguments">The command line of the parent process, which may be a script that runs this binary.</param>
    /// <param name="folder">/opt/extensions.</param>
    public static IEnumerable<string> Candidates(string started, Func<string[]> parentArguments, string folder)
    {
        // The usual case comes first and needs no further look-ups.
        var own = BaseName(started);
        if (IsExtension(started))
            yield return own;
        foreach (var argument in parentArguments())
            if (IsExtension(argument) && File.Exists(argument))
                yield return BaseName(argument);
        var files = Files(folder);
        if (files.Contains(own, StringComparer.Ordinal))
            yield return own;
        // A script that ends with "exec /opt/.../telemetry-extension" is recognisable only by its text.
        foreach (var file in files)
            if (file != own && Starts(Path.Combine(folder, file), own))
                yield return file;
        yield return own;
    }

    /// <summary>The extensions folder for a binary under .../opt/.</summary>
    internal static string ExtensionsFolder(string? binary)
    {
        const string Opt = "/opt/";
        var at = binary?.LastIndexOf(Opt, StringComparison.Ordinal) ?? -1;
        return (at < 0 ? Opt : binary![..(at + Opt.Length)]) + "extensions";
    }

    private static bool IsExtension(string path) => path.Contains("/opt/extensions/", StringComparison.Ordinal) && !path.EndsWith('/');

    private static string BaseName(string path)
    {
        var name = Path.GetFileName(path);
        // A line break would end the header that contains the name.
        return name.Length == 0 || name.AsSpan().ContainsAny('\r', '\n') ? Default : name;
    }

    private static string[] Files(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder).Select(BaseName).Take(MaxFiles).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool Starts(string script, string binary)
    {
        try
        {
            using var file = File.OpenHandle(script);
            var bytes = new byte[MaxScriptBytes];
            var text = bytes.AsSpan(0, RandomAccess.Read(file, bytes, 0));
            return text.StartsWith("#!"u8) && text.IndexOf(System.Text.Encoding.UTF8.GetBytes(binary)) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string[] ParentArguments()
    {
        try
        {
            return File.ReadAllText($"/proc/{ParentId()}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();
}
