using System.CommandLine;

namespace LambdaSandbox.CommandLine;

/// <summary>The options of `lambda-sandbox serve` beside those of the function.</summary>
internal sealed class ServeOptions
{
    public FunctionOptions Function { get; } = new();

    public Option<int> Port { get; } = Number("--port", "The loopback port of Invoke API and function URL; 0: any free one", 9000, 0, 65535);

    public Option<int> Concurrency { get; } = Number("--concurrency", "How many environments there may be; beyond it callers are throttled (429)", 10, 1, 1000);

    public Option<TimeSpan> Idle { get; } = Durations.Option("--idle", "An environment without an invocation for this long is shut down", "5m");

    public Option<bool> Watch { get; } = new("--watch") { Description = "Replace the environments when a layer or the function was rebuilt" };

    public Option<bool> OnlyApis { get; } = new("--only-apis") { Description = "Start no function: a runtime that you start, in a debugger, calls the Runtime API" };

    public Option<int> RuntimeApiPort { get; } = Number("--runtime-api-port", "With --only-apis: the port of AWS_LAMBDA_RUNTIME_API", 9001, 0, 65535);

    public Option<int> EventRetries { get; } = Number("--event-retries", "How often a failed asynchronous invocation is retried", 2, 0, 2);

    public Option<TimeSpan> EventRetryDelay { get; } = Durations.Option("--event-retry-delay", "Before the first of these retries; Lambda waits a minute", "1s");

    public Option<bool> View { get; } = new("--view")
    {
        Description = "Show traces, logs and metrics on a page (the Aspire dashboard, fetched once from NuGet), with the environments' own life",
    };

    public Option<int> ViewPort { get; } = Number("--view-port", "The page's loopback port; 0: 18888 when it is free, else any", 0, 0, 65535);

    public Option<string[]> Invoke { get; } = new("--invoke") { Description = "The payload of an invocation at the start: JSON, @file, or - for stdin; may be repeated" };

    public IEnumerable<Option> All =>
        [.. Function.All, Port, Concurrency, Idle, Watch, OnlyApis, RuntimeApiPort, EventRetries, EventRetryDelay, View, ViewPort, Invoke];

    private static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out var value) || value < least || value > most))
                result.AddError($"{name}: {result.Tokens[0].Value} is not a number from {least} to {most}");
        });
        return option;
    }
}
