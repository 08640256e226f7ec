using LambdaSandbox.Backend;
using LambdaSandbox.Tests.Testing;

namespace EndToEnd.Tests.Harness;

/// <summary>Starts receivers in which <see cref="Exits"/> looks for secrets.</summary>
internal static class Watched
{
    /// <summary>A backend of the extension. One that gets its data from something else needs no watch.</summary>
    public static async Task<OtlpBackend> BackendAsync(OtlpBackendOptions? options = null)
    {
        var backend = await OtlpBackend.StartAsync(options, TestContext.Current.CancellationToken);
        Exits.OfThisTest.Watch(backend);
        return backend;
    }

    /// <summary>A `lambda-sandbox serve` with the extension, and what it shows of it.</summary>
    public static async Task<ServedSandbox> ServedAsync(params IEnumerable<string> arguments)
    {
        var served = await ServedSandbox.StartAsync(arguments);
        Exits.OfThisTest.Watch(new Receiver("the events of `serve`", IsAws: false), () => [.. served.Events.Select(static shown => shown.ToJsonString())]);
        return served;
    }
}
