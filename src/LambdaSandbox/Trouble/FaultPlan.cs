using LambdaSandbox.Backend;

namespace LambdaSandbox.Trouble;

/// <summary>
/// The faults of a run. What happens follows from the seed, the number of the invocation and the number of the event of its type, so that the
/// same seed makes the same faults. With several environments at once, which of them an invocation meets is chance.
/// </summary>
internal sealed class FaultPlan
{
    private readonly TelemetryFaults telemetry;
    private readonly NextFaults next;
    private readonly ApiFaults api;
    private readonly LifeFaults life;
    private readonly BackendFaults backend;
    private int invocation;

    /// <exception cref="SandboxException">One of them is not right.</exception>
    public FaultPlan(IReadOnlyList<string> faults, int seed)
    {
        All = [.. faults.Select(FaultSpec.Parse)];
        var chance = new FaultChance(All, new FaultDice(seed), () => Volatile.Read(ref invocation), text => Happened?.Invoke(text));
        telemetry = new TelemetryFaults(chance);
        next = new NextFaults(chance);
        api = new ApiFaults(chance);
        life = new LifeFaults(chance);
        backend = new BackendFaults(chance);
    }

    public IReadOnlyList<FaultSpec> All { get; }

    /// <summary>Told of each fault that does something to a process or an API, in words.</summary>
    public Action<string>? Happened { get; set; }

    /// <summary>For <see cref="OtlpBackend.Respond"/>; null when the plan leaves the backend alone.</summary>
    public Func<ReceivedRequest, Fault>? Backend => backend.Any ? backend.Respond : null;

    /// <summary>Reads a script: a fault a line; what follows a # is a remark.</summary>
    /// <exception cref="SandboxException">There is no such file.</exception>
    public static IEnumerable<string> ReadScript(string path) => File.Exists(path)
        ? File.ReadLines(path).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0)
        : throw new SandboxException($"--fault-script: {path} does not exist");

    /// <exception cref="SandboxException">The plan has faults of a backend that is not there.</exception>
    public void NeedsBackend(bool isThere)
    {
        if (backend.Any && !isThere)
            throw new SandboxException("--fault backend: there is no backend of the sandbox's own here; add --view (or --export, for run)");
    }

    public SandboxOptions Apply(SandboxOptions options) => All.Count == 0 ? options : options with
    {
        Faults = options.Faults with
        {
            Telemetry = telemetry.Change,
            TelemetryDelay = telemetry.Delay,
            Broken = telemetry.Broken,
            SplitLargeRecords = options.Faults.SplitLargeRecords || All.Any(each => each.Kind == "telemetry-split"),
            NextEvent = next.Change,
            Api = api.Answer,
            At = life.Happen,
            BeforeInvocation = BeginInvocationAsync,
        },
    };

    private Task BeginInvocationAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref invocation);
        return life.BeforeInvocationAsync(cancellation);
    }
}
