using System.Diagnostics;

namespace LambdaSandbox.Processes;

/// <summary>
/// A shell that kills the registered process groups and removes the registered folders when this process ends, in whatever way. It reads from a pipe whose
/// other end only this process holds.
/// </summary>
internal static class Guardian
{
    private const string Script =
        "exec >/dev/null 2>&1; trap '' INT TERM HUP; groups=' '; folders=':'; " +
        "while read -r op id; do case $op in " +
        "+) groups=\"$groups$id \";; " +
        "-) rest=' '; for g in $groups; do [ \"$g\" = \"$id\" ] || rest=\"$rest$g \"; done; groups=$rest;; " +
        "d) folders=\"$folders$id:\";; " +
        "esac; done; " +
        // A frozen process of cgroup v1 dies only when it is thawed.
        "for g in $groups; do kill -KILL -$g; done; IFS=:; " +
        "for d in $folders; do [ -e \"$d/freezer.state\" ] && echo THAWED > \"$d/freezer.state\"; done; sleep 0.2; " +
        "for d in $folders; do case $d in " +
        "/sys/fs/cgroup/*) rmdir \"$d\" || { sleep 1; rmdir \"$d\"; };; " +
        "*/lambda-sandbox-*) rm -rf -- \"$d\";; esac; done";

    private static readonly Lock Sync = new();
    private static Process? shell;

    public static void Watch(int group) => Tell('+', $"{group}");

    public static void Release(int group) => Tell('-', $"{group}");

    /// <summary>Registers a folder for removal. There is no unregistering, because names are unique and removing a missing folder does no harm.</summary>
    public static void Remove(string folder) => Tell('d', folder);

    private static void Tell(char op, string id)
    {
        lock (Sync)
        {
            shell ??= Start();
            try
            {
                shell.StandardInput.Write($"{op} {id}\n");
                shell.StandardInput.Flush();
            }
            catch (IOException)
            {
                // Somebody killed the shell. The sandbox works without it.
            }
        }
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo(Tools.Setsid, ["/bin/sh", "-c", Script]) { RedirectStandardInput = true };
        return Process.Start(start) ?? throw new InvalidOperationException("setsid did not start");
    }
}
