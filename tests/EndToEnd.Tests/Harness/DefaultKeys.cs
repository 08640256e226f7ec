using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Harness;

/// <summary>Gives every destination of a test a key, so that there is a secret to look for in every test.</summary>
internal static class DefaultKeys
{
    private const string Standard = "OTEL_EXPORTER_OTLP_";
    private const string Numbered = "TELEMETRY_EXTENSION_OTLP_";

    public static void AddTo(IDictionary<string, string> environment, OtlpBackend backend)
    {
        Exits.OfThisTest.AddFirst(backend.HttpUrl);
        Exits.OfThisTest.AddFirst(backend.GrpcUrl);
        foreach (var name in environment.Keys.Where(static name => name.StartsWith(Standard, StringComparison.Ordinal) && name.EndsWith("_ENDPOINT", StringComparison.Ordinal)))
            Exits.OfThisTest.AddFirst(environment[name]);
        if (environment.ContainsKey(Standard + "ENDPOINT"))
            Add(Standard + "HEADERS", Home.FirstDestination);
        foreach (var number in (string[])["2_", "3_"])
            if (environment.TryGetValue(Numbered + number + "ENDPOINT", out var url))
                Add(Numbered + number + "HEADERS", Home.HeaderTo(url));

        void Add(string name, Home home)
        {
            if (!environment.ContainsKey(name))
                environment[name] = $"x-default-key={Canary.New("default", home)}";
        }
    }
}
