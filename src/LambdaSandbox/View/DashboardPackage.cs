using System.Runtime.InteropServices;
using LambdaSandbox.Runtimes;

namespace LambdaSandbox.View;

/// <summary>The Aspire dashboard, a program in a NuGet package. `dotnet restore` of a project that references it downloads it once.</summary>
internal static class DashboardPackage
{
    private const string Version = "13.6.5";
    private static readonly TimeSpan RestoresWithin = TimeSpan.FromMinutes(5);

    private static string Id => $"Aspire.Dashboard.Sdk.{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64")}";

    /// <summary>The path of the program, or null with the reason why it is not available.</summary>
    public static string? Find(Action<string> note, out string? reason)
    {
        reason = null;
        if (Environment.GetEnvironmentVariable("LAMBDA_SANDBOX_DASHBOARD") is { Length: > 0 } given)
        {
            var program = Directory.Exists(given) ? Path.Combine(given, "Aspire.Dashboard") : given;
            if (!File.Exists(program))
                reason = $"LAMBDA_SANDBOX_DASHBOARD: {program} does not exist";
            return reason is null ? program : null;
        }

        if (Installed() is { } installed)
            return installed;
        reason = Restore(note);
        if (reason is null && Installed() is null)
            reason = $"the package {Id} {Version} has no dashboard for this machine";
        return reason is null ? Installed() : null;
    }

    private static string? Installed()
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var program = Path.Combine(packages, Id.ToLowerInvariant(), Version, "tools", "Aspire.Dashboard");
        if (!File.Exists(program))
            return null;
        File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute);
        return program;
    }

    /// <summary>Restores the package. Returns null on success, otherwise the reason.</summary>
    private static string? Restore(Action<string> note)
    {
        if (ManagedRuntime.FindProgram("dotnet") is not { } dotnet)
            return $"the package {Id} {Version} is not installed, and there is no dotnet to download it";
        note($"downloading the dashboard once: {Id} {Version}");
        var folder = Directory.CreateTempSubdirectory("lambda-sandbox-dashboard-").FullName;
        try
        {
            var project = Path.Combine(folder, "dashboard.csproj");
            File.WriteAllText(project, $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
                  <ItemGroup><PackageDownload Include="{Id}" Version="[{Version}]" /></ItemGroup>
                </Project>
                """);
            var result = HostProgram.Run(dotnet, ["restore", project, "--nologo", "-v", "quiet"], RestoresWithin);
            return result.ExitCode == 0 ? null : $"{Id} {Version} cannot be downloaded ({result.LastWords})";
        }
        catch (SandboxException e)
        {
            return e.Message;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
