namespace LambdaSandbox.Runtimes;

/// <summary>
/// .NET handlers: an assembly with its own Main (handler `Assembly`), or Assembly::Type::Method through the function's own Amazon.Lambda.RuntimeSupport.
/// </summary>
internal static class DotNetRuntime
{
    public static RuntimeLaunch Find(string code, string handler)
    {
        var dotnet = ManagedRuntime.FindProgram("dotnet") ?? throw new SandboxException(".NET handlers need dotnet: https://dotnet.microsoft.com/download");
        var assembly = handler.Split("::")[0];
        if (assembly.Length == 0 || !PackageFiles.Has(code, $"{assembly}.dll"))
            throw new SandboxException($"--handler: a .NET handler names an assembly of the function; there is no {assembly}.dll");
        var environment = new Dictionary<string, string> { ["DOTNET_ROOT"] = Path.GetDirectoryName(Resolve(dotnet))!, ["HOME"] = "/tmp" };
        if (!handler.Contains("::", StringComparison.Ordinal))
            return new RuntimeLaunch([dotnet, $"/var/task/{assembly}.dll"], environment);
        if (!PackageFiles.Has(code, "Amazon.Lambda.RuntimeSupport.dll"))
            throw new SandboxException(
                $"--handler {handler}: the function needs the package Amazon.Lambda.RuntimeSupport beside it (or a Main of its own and --handler {assembly})");
        return new RuntimeLaunch(
            [
                dotnet, "exec", "--depsfile", $"/var/task/{assembly}.deps.json", "--runtimeconfig", $"/var/task/{assembly}.runtimeconfig.json",
                "/var/task/Amazon.Lambda.RuntimeSupport.dll", handler,
            ],
            environment);
    }

    private static string Resolve(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
}
