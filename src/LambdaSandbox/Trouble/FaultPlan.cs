using LambdaSandbox.Backend;

namespace LambdaSandbox.Trouble;

/// <summary>
/// The faults of a run. They depend on the seed, the number of the invocation and the number of the event of its type, so the same seed gives the same
/// faults. With several concurrent environments it is random which of them an invocation gets.
/// </summary>
internal sealed class FaultPlan
{
    private readonly TelemetryFaults telemetry;
    private readonly NextFaults next;
    private readonly ApiFaults api;
    private readonly LifeFaults life;
    private readonly BackendFaults backend;
    private int invocation;

    /// <exception cref="SandboxException">One of them is invalid.</exception>
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

    /// <summary>Called with a description of each fault that affects a process or an API.</summary>
    public Action<string>? Happened { get; set; }

    /// <summary>The value for <see cref="OtlpBackend.Respond"/>. Null when the plan has no backend faults.</summary>
    public Func<ReceivedRequest, Fault>? Backend => backend.Any ? backend.Respond : null;

    /// <summary>Reads a script: one fault per line, with comments after #.</summary>
    /// <exception cref="SandboxException">There is no such file.</exception>
    public static IEnumerable<string> ReadScript(string path) => File.Exists(path)
        ? File.ReadLines(path).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0)
        : throw new SandboxException($"--fault-script: {path} does not exist");

    /// <exception cref="SandboxException">The plan has backend faults, but there is no backend.</exception>
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
