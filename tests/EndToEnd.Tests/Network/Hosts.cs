using LambdaSandbox;

namespace EndToEnd.Tests.Network;

/// <summary>Host names that exist only in the test's environment, through a file that replaces /etc/hosts.</summary>
internal sealed class Hosts : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    /// <param name="lines">Lines such as "127.0.0.1 backend.test". Several addresses of one name are tried in the order of RFC 6724.</param>
    public Hosts(params ReadOnlySpan<string> lines)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a mount namespace needs root");
        File.WriteAllLines(_file, ["127.0.0.1 localhost", .. lines]);
    }

    public SandboxOptions In(SandboxOptions options) => options with { Mounts = [(_file, "/etc/hosts")] };

    /// <summary>The command line that runs a program with these names.</summary>
    public string[] Command(params ReadOnlySpan<string> command) =>
        ["unshare", "-m", "sh", "-c", "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"", "sh", _file, .. command];

    public void Dispose() => File.Delete(_file);
}
