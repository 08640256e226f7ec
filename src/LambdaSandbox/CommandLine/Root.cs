using System.CommandLine;

namespace LambdaSandbox.CommandLine;

/// <summary>All commands. An invalid argument prints one line, not a page of help.</summary>
internal static class Root
{
    /// <summary>The exit code of a command that cannot start, see <see cref="Interruptible"/>.</summary>
    private const int Unusable = 2;

    public static RootCommand Create() => new("A local AWS Lambda: Runtime API, Extensions API, Telemetry API, Invoke API, freezing, limits")
    {
        RunCommand.Create(), ServeCommand.Create(), OpenCommand.Create(), ExportCommand.Create(), ReplayEventsCommand.Create(), ConformanceCommand.Create(), DemoCommand.Create(),
    };

    public static async Task<int> InvokeAsync(string[] args)
    {
        // `--invoke @event.json` is a payload. By default the parser would read it as a file of arguments.
        var parsed = Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

        // Interruptible ends a command in order, which may take longer than the 2 s of the parser's own handler.
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
        var command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
        await Console.Error.WriteLineAsync($"lambda-sandbox: {OneLine(parsed.Errors[0].Message)} (lambda-sandbox{command} --help lists the options)");
        return Unusable;
    }

    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
