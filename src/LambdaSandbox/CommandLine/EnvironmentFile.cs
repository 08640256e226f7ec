namespace LambdaSandbox.CommandLine;

/// <summary>Reads NAME=value lines like `docker run --env-file`, and also `export` and quotes like a shell.</summary>
internal static class EnvironmentFile
{
    /// <exception cref="SandboxException">The file is missing, or a line is not an assignment.</exception>
    public static IEnumerable<(string Name, string Value)> Read(string path)
    {
        if (!File.Exists(path))
            throw new SandboxException($"--env-file: {path} does not exist");
        return Parse(File.ReadAllLines(path), path);
    }

    internal static IReadOnlyList<(string Name, string Value)> Parse(IEnumerable<string> lines, string path)
    {
        List<(string, string)> variables = [];
        var number = 0;
        foreach (var raw in lines)
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line.StartsWith("export ", StringComparison.Ordinal))
                line = line["export ".Length..].TrimStart();
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw new SandboxException($"--env-file: {path}:{number}: NAME=value expected");
            variables.Add((line[..equals].TrimEnd(), Unquote(line[(equals + 1)..].Trim())));
        }

        return variables;
    }

    private static string Unquote(string value) =>
        value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0] ? value[1..^1] : value;
}
