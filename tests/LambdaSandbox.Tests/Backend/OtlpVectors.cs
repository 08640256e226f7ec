namespace LambdaSandbox.Tests.Backend;

/// <summary>Requests encoded by hand from the field numbers of opentelemetry-proto, not by the classes under test.</summary>
internal static class OtlpVectors
{
    public const string TraceId = "5759e988bd862e3fe1be46a994272793";
    public const string SpanId = "53995c3f42cd8ad8";

    public static byte[] Trace => Convert.FromHexString(
        "0a790a180a160a0c736572766963652e6e616d6512060a0464656d6f125d0a030a017812560a105759e988bd862e3fe1be46a994272793120853995c3f42cd8ad8"
        + "2a0464656d6f3002390080800b9fb45a18418032671a9fb45a184a140a0e666161732e636f6c647374617274120210017a021801850101010000");

    public static byte[] Log => Convert.FromHexString(
        "0a5a0a180a160a0c736572766963652e6e616d6512060a0464656d6f123e123c090080800b9fb45a1810091a04494e464f2a040a0268694a10"
        + "5759e988bd862e3fe1be46a994272793520853995c3f42cd8ad8598032671a9fb45a18");

    public static byte[] Metric => Convert.FromHexString(
        "0a5f0a180a160a0c736572766963652e6e616d6512060a0464656d6f124312410a0f666161732e636f6c647374617274731a0b7b636f6c6473746172747d"
        + "3a210a1b110080800b9fb45a18198032671a9fb45a1831010000000000000010011801");

    /// <summary>A bare Metric message.</summary>
    public static byte[] Histogram => Convert.FromHexString(
        "0a14666161732e696e766f6b655f6475726174696f6e1a01734a540a50110080800b9fb45a18198032671a9fb45a1821010000000000000029000000000000d03f"
        + "32180000000000000000010000000000000000000000000000003a109a9999999999b93f000000000000e03f1001");

    /// <summary>The same request as <see cref="Trace"/>.</summary>
    public const string TraceJson =
        """
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"demo"}}]},"scopeSpans":[{"scope":{"name":"x"},"spans":[
        {"traceId":"5759e988bd862e3fe1be46a994272793","spanId":"53995c3f42cd8ad8","name":"demo","kind":2,"startTimeUnixNano":"1754913600000000000",
        "endTimeUnixNano":"1754913600250000000","attributes":[{"key":"faas.coldstart","value":{"boolValue":true}}],"status":{"code":1},"flags":257}]}]}]}
        """;
}
