using System.Diagnostics;

namespace LambdaSandbox.Processes;

/// <summary>
/// A shell that kills the processes and removes the folders it was told of when this process ends, however it ends: it reads from a pipe whose
/// other end only this process holds. When somebody kills the shell, another one takes its place.
/// </summary>
internal static class Guardian
{
    private const string Script =
        "exec >/dev/null 2>&1; trap '' INT TERM HUP; groups=' '; folders=':'; addresses=' '; " +
        "without() { rest=' '; for x in $1; do [ \"$x\" = \"$2\" ] || rest=\"$rest$x \"; done; }; " +
        "while read -r op id; do case $op in " +
        "+) groups=\"$groups$id \";; " +
        "-) without \"$groups\" \"$id\"; groups=$rest;; " +
        "a) addresses=\"$addresses$id \";; " +
        "b) without \"$addresses\" \"$id\"; addresses=$rest;; " +
        "d) folders=\"$folders$id:\";; " +
        "esac; done; " +
        // A frozen process of cgroup v1 dies only when it is thawed.
        "for g in $groups; do kill -KILL -$g; done; " +
        // What left its group still has its variables. Twice: a process may start another just then.
        "set --; for a in $addresses; do set -- \"$@\" -e \"AWS_LAMBDA_RUNTIME_API=$a\"; done; " +
        "[ $# -gt 0 ] && for i in 1 2; do for f in $(grep -lzxF \"$@\" /proc/[0-9]*/environ); do f=${f#/proc/}; kill -KILL ${f%/environ}; done; done; " +
        "IFS=:; for d in $folders; do [ -e \"$d/freezer.state\" ] && echo THAWED > \"$d/freezer.state\"; done; sleep 0.2; " +
        "for d in $folders; do case $d in " +
        "/sys/fs/cgroup/*) rmdir \"$d\" || { sleep 1; rmdir \"$d\"; };; " +
        "*/lambda-sandbox-*) rm -rf -- \"$d\";; esac; done";

    private static readonly Lock Sync = new();

    /// <summary>What a new shell must know: the lines that nothing has taken back.</summary>
    private static readonly List<string> Known = [];

    private static Process? shell;

    public static void Watch(int group) => Tell($"+ {group}", null);

    public static void Release(int group) => Tell($"- {group}", $"+ {group}");

    /// <summary>Processes that call this Runtime API, whatever group they are in.</summary>
    public static void WatchAddress(string authority) => Tell($"a {authority}", null);

    public static void ReleaseAddress(string authority) => Tell($"b {authority}", $"a {authority}");

    /// <summary>Never taken back: removing what is gone already does no harm, the names are unique.</summary>
    public static void Remove(string folder) => Tell($"d {folder}", null);

    /// <param name="takesBack">The line that this one makes untrue.</param>
    private static void Tell(string line, string? takesBack)
    {
        lock (Sync)
        {
            if (takesBack is null)
                Known.Add(line);
            else
                Known.Remove(takesBack);
            if (shell is null)
                Start();
            else
                Write(line);
        }
    }

    private static void Write(string line)
    {
        try
        {
            shell!.StandardInput.Write(line + "\n");
            shell.StandardInput.Flush();
        }
        catch (IOException)
        {
            // Somebody ended the shell. The next one is told everything.
        }
    }

    /// <summary>Inside the lock.</summary>
    private static void Start()
    {
        var start = new ProcessStartInfo(Tools.Setsid, ["/bin/sh", "-c", Script]) { RedirectStandardInput = true };
        shell = new Process { StartInfo = start, EnableRaisingEvents = true };
        shell.Exited += OnExited;
        if (!shell.Start())
            throw new InvalidOperationException("setsid did not start");
        foreach (var line in Known)
            Write(line);
    }

    private static void OnExited(object? sender, EventArgs e)
    {
        lock (Sync)
        {
            if (sender != shell)
                return;
            shell!.Dispose();
            Start();
        }
    }
}
