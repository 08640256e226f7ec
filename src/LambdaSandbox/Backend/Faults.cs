using System.Text;

namespace LambdaSandbox.Backend;

/// <summary>Scripts for <see cref="OtlpBackend.Respond"/>. Each call creates a script with its own counter. Scripts are thread-safe.</summary>
public static class Faults
{
    public static Func<ReceivedRequest, Fault> Always(Fault fault) => _ => fault;

    /// <summary>Applies the fault to the first <paramref name="count"/> requests.</summary>
    public static Func<ReceivedRequest, Fault> First(int count, Fault fault)
    {
        var seen = 0;
        return _ => Interlocked.Increment(ref seen) <= count ? fault : Fault.None;
    }

    /// <summary>Applies the faults one after the other, then none.</summary>
    public static Func<ReceivedRequest, Fault> Sequence(params Fault[] faults)
    {
        var seen = 0;
        return _ => Interlocked.Increment(ref seen) is var number && number <= faults.Length ? faults[number - 1] : Fault.None;
    }

    /// <summary>Answers 400 (INVALID_ARGUMENT) whenever the decompressed body contains this text: one poisoned payload among good ones.</summary>
    public static Func<ReceivedRequest, Fault> RefuseContaining(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return request => request.Body.Span.IndexOf(bytes) < 0 ? Fault.None
            : request.Protocol == OtlpProtocol.Grpc ? Fault.Grpc(GrpcStatus.InvalidArgument, $"contains {text}")
            : Fault.Http(400, $"contains {text}");
    }

    /// <summary>Limits a script to requests of one signal.</summary>
    public static Func<ReceivedRequest, Fault> On(OtlpSignal signal, Func<ReceivedRequest, Fault> script) =>
        request => request.Signal == signal ? script(request) : Fault.None;
}
