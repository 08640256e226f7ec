using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Harness;

/// <summary>
/// Every way on which bytes leave the extension in one test. Each server, process and folder that a test can give it reports here by itself, and <see
/// cref="CanaryCheckAttribute"/> looks for secrets in all of that at the end of every test.
/// </summary>
internal sealed class Exits
{
    private static readonly ConcurrentDictionary<string, Exits> OfTests = new();
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = 0 };

    private readonly ConcurrentQueue<Secret> _secrets = new(
    [
        // The sandbox gives these to every extension.
        new("sandbox/secret/example/key/not/a/real/one", Home.None), new("sandbox-session-token", Home.AwsSessionToken),
    ]);

    private readonly ConcurrentQueue<Func<IEnumerable<Departure>>> _sources = new();
    private readonly ConcurrentQueue<string> _found = new();
    private readonly ConcurrentQueue<string> _firstUrls = new();

    public static Exits OfThisTest => OfTests.GetOrAdd(
        TestContext.Current.Test?.UniqueID ?? throw new InvalidOperationException("only a test has exits: start servers and processes in the test itself"), static _ => new());

    /// <summary>The exits of a test that has ended. They are forgotten.</summary>
    public static Exits? Take(string testId) => OfTests.TryRemove(testId, out var exits) ? exits : null;

    public void Add(Secret secret) => _secrets.Enqueue(secret);

    /// <summary>Names a URL of the first destination.</summary>
    public void AddFirst(string url) => _firstUrls.Enqueue(url);

    public bool IsFirst(Receiver receiver) => _firstUrls.Any(receiver.Has);

    /// <summary>Adds what is read at the end of the test.</summary>
    public void Watch(Func<IEnumerable<Departure>> source) => _sources.Enqueue(source);

    public void Watch(OtlpBackend backend)
    {
        var receiver = new Receiver($"the backend {backend.HttpUrl}", IsAws: false, backend.HttpUrl, backend.GrpcUrl);
        Watch(() => backend.Requests.SelectMany(request => OfRequest(receiver, request.Target, request.Headers, request.Body)));
    }

    /// <param name="lines">All that a process printed.</param>
    public void Watch(Receiver receiver, Func<IReadOnlyList<string>> lines) => Watch(() => OfLines(receiver, lines()));

    /// <summary>Looks at once at what is gone later.</summary>
    public void Saw(Departure departure)
    {
        foreach (var secret in _secrets)
            if (!secret.Home.Contains(departure, this) && Unpacked.All(departure.Bytes).Any(bytes => secret.IsIn(bytes.Span)))
                _found.Enqueue($"the secret {secret.Text} is in a {departure.Part} to {departure.To.Name}");
    }

    public void Saw(Receiver receiver, string output)
    {
        foreach (var departure in OfLines(receiver, output.Split('\n')))
            Saw(departure);
    }

    public void SawFolder(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var file in Directory.EnumerateFiles(folder, "*", Everything))
        {
            try
            {
                Saw(new(Receiver.Spool, "file", File.ReadAllBytes(file)));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It was sent meanwhile, or the test took the right to read it.
            }
        }
    }

    /// <summary>Where secrets are that do not belong there.</summary>
    public IReadOnlyList<string> Problems()
    {
        foreach (var departure in _sources.SelectMany(static source => source()))
            Saw(departure);
        return [.. _found.Distinct()];
    }

    /// <summary>Forgets all that left so far, for tests that plant a secret.</summary>
    public void Forgive()
    {
        _sources.Clear();
        _found.Clear();
    }

    public static IEnumerable<Departure> OfRequest(Receiver receiver, string target, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlyMemory<byte> body)
    {
        var parts = target.Split('?', 2);
        yield return new(receiver, "path", Encoding.UTF8.GetBytes(parts[0]));
        if (parts.Length == 2)
            yield return new(receiver, "query", Encoding.UTF8.GetBytes(parts[1]));
        foreach (var (name, value) in headers)
            yield return new(receiver, $"header {name.ToLowerInvariant()}", Encoding.UTF8.GetBytes(value));
        yield return new(receiver, "body", body);
        foreach (var departure in OfLines(receiver, Messages(body)))
            yield return departure;
    }

    /// <summary>Each line, and what is in the dead letters among them.</summary>
    private static IEnumerable<Departure> OfLines(Receiver receiver, IReadOnlyList<string> lines) =>
        lines.Select(line => new Departure(receiver, "line", Encoding.UTF8.GetBytes(line)))
            .Concat(DeadLetterReading.ReadAll(lines.Where(DeadLetterReading.IsPart)).Select(letter => new Departure(receiver, "dead letter", letter.Request)));

    /// <summary>The messages of PutLogEvents, which may be dead letters.</summary>
    private static IReadOnlyList<string> Messages(ReadOnlyMemory<byte> body)
    {
        if (body.Span.IndexOf("\"logEvents\""u8) < 0)
            return [];
        try
        {
            return [.. JsonNode.Parse(body.Span)?["logEvents"]?.AsArray().Select(static logEvent => (string?)logEvent?["message"] ?? "") ?? []];
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException)
        {
            return [];
        }
    }
}
