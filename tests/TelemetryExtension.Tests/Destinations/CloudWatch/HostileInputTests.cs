using System.Text.Json;
using TelemetryExtension.Configuration;
using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Emf;
using TelemetryExtension.Destinations.CloudWatch.Json;
using TelemetryExtension.Destinations.CloudWatch.Streams;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

/// <summary>For any bytes there is no exception, and every event is JSON.</summary>
public sealed class HostileInputTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Read_MutatedRequests_GiveValidJson(int seed)
    {
        var random = new Random(seed);
        var seeds = new[]
        {
            OtlpBuilder.Request(writer => OtlpBuilder.Log(writer, "body", 5, record => OtlpBuilder.Attribute(record, 6, "key", "value"))),
            OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "name", "s", 9, data => { OtlpBuilder.Number(data, 3, attribute: "http"); data.Varint(2, 2); })),
            OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "name", "{x}", 7, data => { OtlpBuilder.Number(data, 3, attribute: "http"); data.Varint(2, 2); data.Bool(3, true); })),
        };
        var emf = new EmfEncoder(new(EmfOutput.Logs, "n", [["faas.name", "faas.trigger"]]));
        for (var round = 0; round < 5000; round++)
        {
            var bytes = seeds[round % seeds.Length].ToArray();
            for (var changes = random.Next(1, 5); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            LogEvent[] events =
            [
                .. LogRecordJson.Read(bytes, ResourceInEvents.All, 400, DateTimeOffset.UnixEpoch),
                .. SpanJson.Read(bytes, ResourceInEvents.Service, DateTimeOffset.UnixEpoch),
                .. emf.Encode(bytes, DateTimeOffset.UnixEpoch).Events,
            ];
            emf.Commit();
            foreach (var logEvent in events)
                JsonDocument.Parse(logEvent.Message).Dispose();
            LogEventBatches.Of(events);
        }
    }

    [Fact]
    public void Assemble_AnyText_DoesNotThrow()
    {
        var random = new Random(4);
        var words = new[] { "otlp-dead-letter/1", "otlp-dead-letter/", " id=", "a", " part=1/1", " part=9/2", " signal=logs", " records=", "99999999999", " size=1", " sum=", " check=", " data=", "\"", "\\", "\n", "é", " " };
        for (var round = 0; round < 5000; round++)
        {
            var assembler = new DeadLetterAssembler();
            Assert.Empty(assembler.Add(string.Concat(random.GetItems(words, random.Next(1, 25)))));
        }
    }
}
