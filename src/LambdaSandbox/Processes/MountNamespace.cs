using System.Diagnostics;

namespace LambdaSandbox.Processes;

/// <param name="ReadOnly">Read-only, like Lambda's /opt and /var/task. Not enforced where the kernel forbids the remount.</param>
internal sealed record BindMount(string From, string To, bool ReadOnly = false);

/// <summary>
/// Mounts that only the processes of one environment see. A shell keeps the namespace open. It ends with this process, because it reads from a pipe of this
/// process, and the mounts end with the shell.
/// </summary>
internal sealed class MountNamespace : IDisposable
{
    // A missing mount point is created on a tmpfs that shows the parent's content, so that nothing remains on the machine.
    private const string Script =
        """
        set -e
        stage=$1; shift
        shadow() {
          mount --rbind "$1" "$stage"
          mount -t tmpfs -o mode=755 tmpfs "$1"
          for e in "$stage"/* "$stage"/.[!.]*; do
            n="$1/${e##*/}"
            if [ -L "$e" ]; then cp -P "$e" "$n"
            elif [ -d "$e" ]; then mkdir "$n"; mount --rbind "$e" "$n"
            elif [ -e "$e" ]; then : > "$n"; mount --bind "$e" "$n"
            fi
          done
        }
        while [ $# -gt 0 ]; do
          if [ ! -e "$2" ]; then
            shadow "${2%/*}"
            mkdir "$2"
          fi
          mount --bind "$1" "$2"
          [ "$3" = rw ] || mount -o remount,bind,ro "$2" 2>/dev/null || :
          shift 3
        done
        echo ready
        read -r _ || :
        """;

    private static readonly Lazy<(bool Available, bool User, string? Reason)> Support = new(Probe);

    private readonly Lock sync = new();
    private readonly List<string> command;
    private Process holder;

    private MountNamespace(List<string> command)
    {
        this.command = command;
        holder = Hold(command);
    }

    /// <summary>The command that runs its arguments inside.</summary>
    /// <exception cref="SandboxException">Somebody ended the shell that holds the namespace, and there cannot be another.</exception>
    public IReadOnlyList<string> Enter
    {
        get
        {
            lock (sync)
            {
                if (holder.HasExited)
                    holder = Hold(command);
                List<string> enter = [Tools.Nsenter, "--target", $"{holder.Id}", "--mount"];
                return Support.Value.User ? [.. enter, "--user", "--preserve-credentials"] : enter;
            }
        }
    }

    /// <summary>Null where processes can have their own mounts, otherwise the reason why not.</summary>
    public static string? Unavailable => Support.Value.Reason;

    /// <exception cref="SandboxException">A mount was refused.</exception>
    public static MountNamespace Open(IReadOnlyList<BindMount> mounts, string stage)
    {
        if (Unavailable is { } reason)
            throw new SandboxException($"private mounts are not possible here: {reason}");
        Directory.CreateDirectory(stage);
        List<string> command = [.. Command(Support.Value.User), "/bin/sh", "-c", Script, "sh", stage];
        foreach (var mount in mounts)
            command.AddRange([mount.From, mount.To, mount.ReadOnly ? "ro" : "rw"]);
        return new MountNamespace(command);
    }

    private static Process Hold(List<string> command)
    {
        var holder = Start(command);
        Guardian.Watch(holder.Id);
        if (holder.StandardOutput.ReadLine() == "ready")
            return holder;
        var error = holder.StandardError.ReadToEnd().Trim();
        End(holder);
        throw new SandboxException($"a private mount was refused: {error}");
    }

    public void Dispose() => End(holder);

    private static void End(Process holder)
    {
        holder.StandardInput.Close();
        if (!holder.WaitForExit(TimeSpan.FromSeconds(2)))
            holder.Kill();
        Guardian.Release(holder.Id);
        holder.Dispose();
    }

    private static List<string> Command(bool user)
    {
        List<string> command = [Tools.Unshare, "--mount", "--propagation", "private"];
        if (user)
            command.AddRange(["--user", "--map-root-user"]);
        return command;
    }

    private static (bool, bool, string?) Probe()
    {
        if (!File.Exists(Tools.Unshare) || !File.Exists(Tools.Nsenter))
            return (false, false, "the programs unshare and nsenter are missing (package util-linux)");
        var user = !Environment.IsPrivilegedProcess;
        using var probe = Start([.. Command(user), "/bin/sh", "-c", "mount -t tmpfs tmpfs /tmp"]);
        probe.StandardInput.Close();
        var error = probe.StandardError.ReadToEnd().Trim();
        probe.WaitForExit();
        if (probe.ExitCode == 0)
            return (true, user, null);
        return (false, user, user ? $"this machine gives namespaces to root only ({error})" : error);
    }

    private static Process Start(List<string> command)
    {
        var start = new ProcessStartInfo(Tools.Setsid, command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException("setsid did not start");
    }
}
