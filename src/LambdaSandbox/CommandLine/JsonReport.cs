using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LambdaSandbox.CommandLine;

/// <summary>For programs: one document at the end. Durations are in milliseconds.</summary>
internal sealed class JsonReport : IReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new Milliseconds() },
    };

    private readonly Lock sync = new();
    private readonly List<InvocationResult> invocations = [];
    private readonly List<object> lines = [];
    private InitResult? init;

    public void Line(string source, string text)
    {
        lock (sync)
            lines.Add(new { source, text });
    }

    public void Started(Sandbox sandbox) => init = sandbox.Init;

    public void Invoked(InvocationResult result) => invocations.Add(result);

    public void Ended(ShutdownResult result)
    {
        lock (sync)
            Console.Out.WriteLine(JsonSerializer.Serialize(new { init, invocations, shutdown = result, lines }, Json));
    }

    private sealed class Milliseconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromMilliseconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value.TotalMilliseconds, 3));
    }
}
