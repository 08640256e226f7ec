namespace LambdaSandbox.Runtimes;

/// <summary>Python handlers, through `awslambdaric`: the function's own, or the machine's.</summary>
internal static class PythonRuntime
{
    private const string Probe = "import sys, importlib.util as u; print('%d.%d' % sys.version_info[:2], u.find_spec('awslambdaric') is not None, sys.executable)";

    public static RuntimeLaunch Find(string code, string handler)
    {
        var python = ManagedRuntime.FindProgram("python3") ?? throw new SandboxException("Python handlers need python3: apt-get install python3");
        var answer = HostProgram.Run(python, ["-c", Probe], TimeSpan.FromSeconds(20)).Output.Trim().Split(' ', 3);
        if (answer.Length < 3)
            throw new SandboxException($"{python} does not run");
        if (answer[1] != "True" && !PackageFiles.Has(code, "awslambdaric/__main__.py"))
            throw new SandboxException("Python handlers need the package awslambdaric, in the function's folder or on this machine: pip install awslambdaric");
        var environment = new Dictionary<string, string>
        {
            ["PYTHONPATH"] = $"/var/task:/opt/python:/opt/python/lib/python{answer[0]}/site-packages:/var/runtime",
        };

        // Use the real interpreter, because a version manager's shim needs variables that Lambda does not set.
        return new RuntimeLaunch([answer[2], "-m", "awslambdaric", handler], environment);
    }
}
