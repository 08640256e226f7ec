using System.Diagnostics;
using Google.Protobuf;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Ingest.OtlpReceiver;

namespace TelemetryExtension.Tests.Otlp;

public sealed class OtlpRequestValidatorTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 10)]
    [InlineData(2, 1)]
    public void Check_ValidRequest_CountsRecords(int signal, int expected)
    {
        Assert.Equal(new(null, expected, NeedsRepair: false), OtlpRequestValidator.Check((Signal)signal, OtlpSamples.Of((Signal)signal)));
    }

    [Fact]
    public void Check_ConcatenatedRequests_CountsBoth()
    {
        Assert.Equal(new(null, 7, NeedsRepair: false), OtlpRequestValidator.Check(Signal.Traces, [.. OtlpSamples.Trace(3), .. OtlpSamples.Trace(4)]));
    }

    [Fact]
    public void Check_UnknownFields_AreSkipped()
    {
        // Fields 1000 (a message of old), 50 (varint), 51 (fixed64), 52 (fixed32); and field 1 as a varint, which is nobody's.
        byte[] unknown = [0xc2, 0x3e, 0x02, 0xff, 0xff, 0x90, 0x03, 0x01, 0x99, 0x03, 1, 2, 3, 4, 5, 6, 7, 8, 0xa5, 0x03, 1, 2, 3, 4, 0x08, 0x05];

        Assert.Equal(new(null, 1, NeedsRepair: false), OtlpRequestValidator.Check(Signal.Traces, [.. OtlpSamples.Trace(), .. unknown]));
    }

    [Theory]
    [InlineData("0a", "resourceSpans")]
    [InlineData("0a05", "resourceSpans")]
    [InlineData("0a02ffff", "resourceSpans")]
    [InlineData("00", "")]
    [InlineData("0b0c", "")]
    [InlineData("7b22", "")]
    [InlineData("0affffffffffffffffffff01", "resourceSpans")]
    [InlineData("0a071205120322" + "01ff", "resourceSpans.scopeSpans.spans.parentSpanId")]
    [InlineData("0a07120512030a01ff", "resourceSpans.scopeSpans.spans.traceId")]
    public void Check_BrokenRequest_NamesTheField(string hex, string path)
    {
        var problem = OtlpRequestValidator.Check(Signal.Traces, Convert.FromHexString(hex)).Problem;

        Assert.NotNull(problem);
        Assert.EndsWith(path.Length == 0 ? "the top level" : path, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0a0d120b12094a070a053203010203", "histogram.dataPoints.bucketCounts")]
    [InlineData("0a0d120b120952070a054203120180", "exponentialHistogram.dataPoints.positive.bucketCounts")]
    public void Check_BrokenPackedField_IsRefused(string hex, string path) =>
        Assert.EndsWith("metrics." + path, OtlpRequestValidator.Check(Signal.Metrics, Convert.FromHexString(hex)).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData(40, true)]
    [InlineData(46, true)]
    [InlineData(60, false)]
    [InlineData(5000, false)]
    [Trait("Category", "Slow")]
    public void Check_NestedValues_AreBoundedAsGoogleProtobufBoundsThem(int depth, bool valid)
    {
        var value = new AnyValue { IntValue = 1 };
        for (var i = 0; i < depth; i++)
            value = new AnyValue { ArrayValue = new() { Values = { value } } };
        var span = new Span { Attributes = { new KeyValue { Key = "deep", Value = value } } };
        var bytes = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { span } } } } } }.ToByteArray();

        Assert.Equal(valid, OtlpRequestValidator.Check(Signal.Traces, bytes).Problem is null);
        Assert.Equal(valid, Parses(Signal.Traces, bytes));
    }

    /// <summary>An accepted request follows OTLP's rules, so it cannot spoil the batch that it is merged into.</summary>
    [Fact]
    public void Check_RandomlyDamagedRequests_AcceptsOnlyWhatParses()
    {
        var random = new Random(20261122);
        var until = Stopwatch.StartNew();
        var (accepted, refused) = (0, 0);
        while (until.Elapsed < TimeSpan.FromSeconds(2))
        {
            var signal = (Signal)random.Next(3);
            var bytes = Damage(OtlpSamples.Of(signal), random);
            var check = OtlpRequestValidator.Check(signal, bytes);
            if (check.Problem is null)
            {
                var sent = check.NeedsRepair ? Repaired(signal, bytes) : bytes;
                Assert.True(Parses(signal, sent), $"accepted, but does not parse: {signal} {Convert.ToHexString(bytes)}");
                Assert.Empty(OtlpRules.Check(OtlpSamples.Parse(signal, sent), sent));
                accepted++;
            }
            else
            {
                refused++;
            }
        }

        Assert.True(accepted > 100 && refused > 100, $"accepted {accepted}, refused {refused}");
    }

    internal static byte[] Damage(byte[] bytes, Random random)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            switch (random.Next(4))
            {
                case 0:
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes = bytes[..random.Next(1, bytes.Length + 1)];
                    break;
                default:
                    var at = random.Next(bytes.Length);
                    bytes = [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
                    break;
            }
        }

        return bytes;
    }

    internal static byte[] Repaired(Signal signal, byte[] request)
    {
        using var writer = new OtlpWriter(16);
        OtlpRepair.Write(writer, signal, request);
        return writer.ToArray();
    }

    private static bool Parses(Signal signal, byte[] bytes)
    {
        try
        {
            OtlpSamples.Parse(signal, bytes);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }
}
