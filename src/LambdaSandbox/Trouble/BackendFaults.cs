using System.Globalization;
using LambdaSandbox.Backend;

namespace LambdaSandbox.Trouble;

/// <summary>A backend that is slow, refuses, or does not answer.</summary>
internal sealed class BackendFaults
{
    private readonly FaultChance chance;
    private readonly List<(FaultSpec Fault, Fault Answer)> faults;

    /// <exception cref="SandboxException">There is no such answer.</exception>
    public BackendFaults(FaultChance chance)
    {
        this.chance = chance;
        faults = [.. chance.Of("backend").Select(fault => (fault, Answer(fault)))];
    }

    public bool Any => faults.Count > 0;

    public Fault Respond(ReceivedRequest request)
    {
        var number = chance.Number("backend");
        return faults.Find(each => chance.Hits(each.Fault, "backend", number)).Answer ?? Fault.None;
    }

    private static Fault Answer(FaultSpec fault) => fault.Value switch
    {
        "slow" => Fault.Slow(fault.Time(fault.Detail)),
        "hang" => Fault.HangBeforeHeaders,
        "reset" => Fault.Reset,
        "close" => Fault.CloseAfterHeaders,
        "partial" => Fault.PartialSuccess(1, "one record is not welcome"),
        _ when int.TryParse(fault.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 300 and <= 599 =>
            Fault.Http(status, "a fault", fault.Detail.Length == 0 ? null : fault.Time(fault.Detail)),
        _ => throw new SandboxException($"--fault backend: {fault.Value} is none of slow, hang, reset, close, partial, or a status from 300 to 599"),
    };
}
