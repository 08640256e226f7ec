namespace LambdaSandbox.Tests.Testing;

/// <summary>A sandbox whose runtime and extension the test plays, initialised and idle.</summary>
internal sealed class PlayedEnvironment : IAsyncDisposable
{
    private readonly CancellationToken cancellation;

    private PlayedEnvironment(Sandbox lambda, Listener listener, CancellationToken cancellation)
    {
        (Lambda, Listener, this.cancellation) = (lambda, listener, cancellation);
        Runtime = new PlayedRuntime(lambda.RuntimeApi, cancellation);
        Extension = new PlayedExtension(lambda.RuntimeApi, "ext", cancellation);
    }

    public Sandbox Lambda { get; }
    public Listener Listener { get; }
    public PlayedRuntime Runtime { get; }
    public PlayedExtension Extension { get; }
    public Task<Answer> RuntimeNext { get; set; } = null!;
    public Task<Answer> ExtensionNext { get; set; } = null!;

    public static Task<PlayedEnvironment> StartAsync(SandboxOptions options, CancellationToken cancellation, bool subscribe = true) =>
        StartAsync(options, subscribe ? (extension, listener) => extension.SubscribeAsync(listener) : (_, _) => Task.FromResult<Answer>(null!), cancellation);

    /// <param name="subscribe">What the extension does once it has registered.</param>
    public static async Task<PlayedEnvironment> StartAsync(
        SandboxOptions options, Func<PlayedExtension, Listener, Task<Answer>> subscribe, CancellationToken cancellation)
    {
        var lambda = await Sandbox.OpenAsync(options with { PlayedExtensions = ["ext"] });
        var environment = new PlayedEnvironment(lambda, await Listener.StartAsync(), cancellation);
        if (!options.SuppressInit)
        {
            var init = lambda.InitAsync(cancellation);
            await environment.BeginAsync(options.InitializationType, subscribe);
            Assert.Equal("success", (await init).Status);
        }

        return environment;
    }

    /// <summary>What runtime and extension do in an init.</summary>
    public async Task BeginAsync(InitializationType type = InitializationType.OnDemand, Func<PlayedExtension, Listener, Task<Answer>>? subscribe = null)
    {
        var managed = type == InitializationType.ManagedInstances;
        await Extension.RegisterAsync(managed ? "{\"events\":[\"SHUTDOWN\"]}" : "{\"events\":[\"INVOKE\",\"SHUTDOWN\"]}");
        await (subscribe?.Invoke(Extension, Listener) ?? Extension.SubscribeAsync(Listener));
        ExtensionNext = Extension.NextAsync();
        RuntimeNext = type == InitializationType.SnapStart ? Runtime.RestoreNextAsync() : Runtime.NextAsync();
    }

    /// <summary>Runs one ordinary invocation: the runtime answers, and both call Next.</summary>
    public async Task<InvocationResult> InvokeAsync(string payload = "{}", InvokeOptions? options = null)
    {
        var invoke = Lambda.InvokeAsync(payload, options ?? new InvokeOptions(), cancellation);
        RuntimeNext = await Runtime.ServeAsync(RuntimeNext);
        await ExtensionNext;
        ExtensionNext = Extension.NextAsync();
        return await invoke;
    }

    /// <summary>After the answer: both call Next, which ends the invocation.</summary>
    public async Task<InvocationResult> EndAsync(Task<InvocationResult> invocation)
    {
        RuntimeNext = Runtime.NextAsync();
        await ExtensionNext;
        ExtensionNext = Extension.NextAsync();
        return await invocation;
    }

    /// <summary>The records the platform made of one type.</summary>
    public IReadOnlyList<TelemetryEvent> Made(string type) => [.. Lambda.Events.Where(e => e.Type == type)];

    public async ValueTask DisposeAsync()
    {
        await Lambda.DisposeAsync();
        await Listener.DisposeAsync();
        foreach (var pending in new[] { RuntimeNext, ExtensionNext }.OfType<Task>())
            _ = pending.ContinueWith(t => t.Exception, TaskScheduler.Default);
        Runtime.Dispose();
        Extension.Dispose();
    }
}
