using System.CommandLine;
using System.Text.Json;

namespace LambdaSandbox.CommandLine;

/// <summary>The options of `lambda-sandbox run` beside those of the function: the invocations and the output.</summary>
internal sealed class RunOptions
{
    public FunctionOptions Function { get; } = new();

    public Option<string[]> Invoke { get; } = new("--invoke") { Description = "The payload of an invocation: JSON, @file, or - for stdin; may be repeated" };

    public Option<int> Repeat { get; } = new("--repeat") { Description = "How often the payloads are sent, one after the other", DefaultValueFactory = _ => 1 };

    public Option<double?> Rate { get; } = new("--rate") { Description = "Invocations per second, whether or not earlier ones are over" };

    public Option<int> Concurrency { get; } = new("--concurrency") { Description = "How many environments there may be", DefaultValueFactory = _ => 1 };

    public Option<TimeSpan> Pause { get; } = Durations.Option("--pause", "Between invocations, everything frozen: 2s, 500ms, or seconds", "1s");

    public Option<string?> ClientContext { get; } = new("--client-context") { Description = "The caller's client context, JSON" };

    public Option<string?> Cognito { get; } = new("--cognito") { Description = "The caller's Cognito identity: ID,POOL or JSON" };

    public Option<string?> Tenant { get; } = new("--tenant") { Description = "The tenant id" };

    public Option<string?> TraceHeader { get; } = new("--trace-header") { Description = "The caller's X-Amzn-Trace-Id" };

    public Option<string> FailOn { get; } = new("--fail-on")
    {
        Description = "What makes the exit code 1: a list of init, invocation, shutdown; or none",
        DefaultValueFactory = _ => "init,invocation,shutdown",
    };

    public Option<bool> View { get; } = new("--view") { Description = "Send telemetry to a built-in backend, and show traces, logs and metrics that arrive" };

    public Option<string?> Export { get; } = new("--export") { Description = "Write the telemetry that arrived to this file: OTLP JSON, one request per line" };

    public Option<string?> Record { get; } = new("--record") { Description = "Write the events of the Telemetry API to this file, for replay-events" };

    public RunOptions()
    {
        AtLeast(Repeat, 1);
        AtLeast(Concurrency, 1);
        FailOn.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.Split(',').Except(["init", "invocation", "shutdown", "none"]).FirstOrDefault() is { } unknown)
                    result.AddError($"--fail-on: {unknown} is none of init, invocation, shutdown, none");
        });
        Rate.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is <= 0)
                result.AddError("--rate must be more than 0");
        });
    }

    public IEnumerable<Option> All =>
        [.. Function.All, Invoke, Repeat, Rate, Concurrency, Pause, ClientContext, Cognito, Tenant, TraceHeader, FailOn, View, Export, Record];

    public InvocationPlan Plan(ParseResult parsed)
    {
        var concurrency = parsed.GetValue(Concurrency);
        var given = parsed.GetValue(Invoke) ?? [];
        var asked = parsed.GetResult(Repeat) is { Implicit: false } || parsed.GetValue(Rate) is not null;
        var payloads = given.Length == 0 && asked ? ["{}"] : given.Select(Payload).ToList();
        var pause = parsed.GetResult(Pause) is null or { Implicit: true } && concurrency > 1 ? TimeSpan.Zero : parsed.GetValue(Pause);
        return new InvocationPlan(payloads, parsed.GetValue(Repeat), pause)
        {
            Rate = parsed.GetValue(Rate),
            Concurrency = concurrency,
            Options = new InvokeOptions
            {
                ClientContext = Json(parsed.GetValue(ClientContext), "--client-context"),
                CognitoIdentity = Identity(parsed.GetValue(Cognito)),
                TenantId = parsed.GetValue(Tenant),
                TraceHeader = parsed.GetValue(TraceHeader),
            },
        };
    }

    public static string Payload(string text)
    {
        var payload = text switch
        {
            "-" => Console.In.ReadToEnd(),
            ['@', .. var file] => File.Exists(file) ? File.ReadAllText(file) : throw new SandboxException($"--invoke: {file} does not exist"),
            _ => text,
        };
        return Json(payload.Trim().Length == 0 ? "{}" : payload, $"--invoke {(text.Length <= 40 ? text : text[..40] + "...")}")!;
    }

    private static string? Identity(string? text) => text is null || text.StartsWith('{')
        ? Json(text, "--cognito")
        : JsonSerializer.Serialize(new { cognitoIdentityId = text.Split(',')[0], cognitoIdentityPoolId = text.Split(',').ElementAtOrDefault(1) ?? "" });

    private static string? Json(string? text, string option)
    {
        try
        {
            if (text is not null)
                JsonDocument.Parse(text).Dispose();
            return text;
        }
        catch (JsonException e)
        {
            throw new SandboxException($"{option}: not JSON: {e.Message}", e);
        }
    }

    private static void AtLeast(Option<int> option, int least) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out var value) || value < least))
            result.AddError($"{option.Name}: {result.Tokens[0].Value} is not a number of at least {least}");
    });
}
