namespace LambdaSandbox.Processes;

/// <summary>The control groups of this machine: v1, v2, or both, with each controller in one of them.</summary>
/// <param name="root">The mount point, /sys/fs/cgroup.</param>
/// <param name="membership">The lines of /proc/self/cgroup.</param>
internal sealed class CgroupMachine(string root, IReadOnlyList<string> membership)
{
    public static CgroupMachine This => new("/sys/fs/cgroup", File.Exists("/proc/self/cgroup") ? File.ReadAllLines("/proc/self/cgroup") : []);

    /// <summary>The mount point of v2, or null.</summary>
    private string? V2Root { get; } = new[] { root, Path.Combine(root, "unified") }.FirstOrDefault(path => File.Exists(Path.Combine(path, "cgroup.controllers")));

    /// <summary>Whether the controller is in v2, not in a v1 hierarchy. The freezer is part of v2 without being a controller.</summary>
    public bool IsV2(string controller) => V2Root is not null && !Directory.Exists(Path.Combine(root, controller));

    /// <summary>Creates a child group whose members the controller manages.</summary>
    /// <exception cref="IOException">The controller is missing or not accessible for this process.</exception>
    public CgroupFolder Make(string controller)
    {
        string parent;
        if (IsV2(controller))
        {
            Enable(controller);
            parent = Parent();
        }
        else
        {
            var hierarchy = Path.Combine(root, controller);
            if (!Directory.Exists(hierarchy))
                throw new IOException($"no {controller} hierarchy");
            parent = Existing(hierarchy, Own(names => names.Split(',').Contains(controller)));
        }

        var folder = Path.Combine(parent, $"lambda-sandbox-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        Guardian.Remove(folder);
        return new CgroupFolder(folder, IsV2(controller)) { Controllers = { controller } };
    }

    /// <summary>Enables a v2 controller from the root down to the parent of new groups.</summary>
    public void Enable(string controller)
    {
        if (controller == "freezer")
            return;
        var path = V2Root!;
        foreach (var next in Path.GetRelativePath(V2Root!, Parent()).Split('/').Prepend("."))
        {
            path = Path.GetFullPath(Path.Combine(path, next));
            var file = Path.Combine(path, "cgroup.subtree_control");
            if (File.ReadAllText(file).Split(' ', '\n').Contains(controller))
                continue;
            if (!File.ReadAllText(Path.Combine(path, "cgroup.controllers")).Split(' ', '\n').Contains(controller))
                throw new IOException($"{path} has no {controller} controller");
            File.WriteAllText(file, $"+{controller}");
        }
    }

    /// <summary>
    /// The parent of new groups. It is the parent of this process's own group, because a v2 group with processes cannot enable controllers for children.
    /// </summary>
    private string Parent()
    {
        var own = Existing(V2Root!, Own(names => names.Length == 0));
        return own == V2Root ? own : Path.GetDirectoryName(own)!;
    }

    private static string Existing(string hierarchy, string? own)
    {
        var path = Path.GetFullPath(Path.Join(hierarchy, own));
        return Directory.Exists(path) ? path.TrimEnd('/') : hierarchy;
    }

    private string? Own(Func<string, bool> names) =>
        membership.Select(line => line.Split(':', 3)).FirstOrDefault(parts => parts.Length == 3 && names(parts[1]))?[2];
}
