using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.TelemetryApi;

namespace TelemetryExtension.Tests.Ingest.TelemetryApi;

public class TelemetryEndpointTests
{
    private const string Start = """{"time":"2025-08-11T12:00:00.000Z","type":"platform.start","record":{"requestId":"r1"}}""";
    private const string Line = """{"time":"2025-08-11T12:00:00.101Z","type":"function","record":"hello\n"}""";
    private const string Done = """{"time":"2025-08-11T12:00:00.250Z","type":"platform.runtimeDone","record":{"requestId":"r1","status":"success"}}""";
    private const string Report = """{"time":"2025-08-11T12:00:00.250Z","type":"platform.report","record":{"metrics":{"a":[1]},"requestId":"r1"}}""";

    private readonly Ledger _ledger = new();
    private readonly RecordingSink _sink = new();
    private readonly RecordingSignals _signals = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TelemetryEndpoint _endpoint;

    public TelemetryEndpointTests() => _endpoint = new(new TelemetryBatchReader(_sink, _signals, _ledger), _time, static () => false, static () => { });

    [Fact]
    public void Read_OrdinaryBatch_GivesEveryRecordInOrder()
    {
        Post($"[{Start},{Line},{Done},{Report}]");

        Assert.Equal([Start, "\"hello\\n\"", Done, Report], _sink.Texts);
        Assert.Equal([TelemetryItemKind.PlatformEvent, TelemetryItemKind.FunctionLog, TelemetryItemKind.PlatformEvent, TelemetryItemKind.PlatformEvent], _sink.Kinds);
        Assert.Equal(1_754_913_600_101_000_000, _sink.Times[1]);
        Assert.Equal(["done r1 False", "reported r1 False"], _signals.Seen);
        Assert.Equal(0, Malformed);
    }

    [Fact]
    public void Read_RecordThatIsAnObject_KeepsItAsJson()
    {
        Post("""[{"time":"2025-08-11T12:00:00.102Z","type":"function","record":{"level":"INFO","message":"x"}}]""");

        Assert.Equal(["""{"level":"INFO","message":"x"}"""], _sink.Texts);
    }

    [Fact]
    public void Read_KeysInAnotherOrder_GivesTheSame()
    {
        Post("""[{"record":"x","more":{"a":[1,2]},"type":"function","time":"2025-08-11T12:00:00.102Z"}]""");

        Assert.Equal(["\"x\""], _sink.Texts);
        Assert.Equal(1_754_913_600_102_000_000, _sink.Times[0]);
    }

    [Theory]
    [InlineData("""{"time":"2025-08-11T12:00:00.000Z","type":"function","record":"broken \q escape"}""")]
    [InlineData("""{"time":"2025-08-11T12:00:00.000Z","type":"function","record":nonsense}""")]
    [InlineData("""{"time":"2025-08-11T12:00:00.000Z","type":"function"}""")]
    [InlineData("""{"time":"2025-08-11T12:00:00.000Z","record":"no type"}""")]
    [InlineData("""{"time":"2025-08-11T12:00:00.000Z","type":7,"record":"x"}""")]
    public void Read_OneBadRecord_CostsItselfOnly(string bad)
    {
        Post($"[{Line},{bad},{Done}]");

        Assert.Equal(["\"hello\\n\"", Done], _sink.Texts);
        Assert.Equal(1, Malformed);
        Assert.Equal(["done r1 False"], _signals.Seen);
    }

    [Theory]
    [InlineData("""{"\ud800":1,"time":"2025-08-11T12:00:00.000Z","type":"function","record":"x"}""", 3, 0)]
    [InlineData("""{"time":"2025-08-11T12:00:00.000Z","type":"\ud800unction","record":"x"}""", 2, 1)]
    [InlineData("""{"time":"\ud800","type":"function","record":"x"}""", 3, 0)]
    [InlineData("""{"time":"2025-08-11T12:00:00.000Z","type":"platform.runtimeDone","record":{"\ud800equestId":"r1"}}""", 3, 0)]
    [InlineData("""{"time":"2025-08-11T12:00:00.000Z","type":"platform.runtimeDone","record":{"requestId":"r1","status":"\ud800"}}""", 3, 0)]
    public void Read_LoneSurrogateEscaped_CostsItsFieldOrRecordOnly(string odd, int records, int unknown)
    {
        Post($"[{Line},{odd},{Done}]");

        Assert.Equal(records, _sink.Texts.Count);
        Assert.Equal(Done, _sink.Texts[^1]);
        Assert.Equal((0, unknown), (Malformed, _ledger[LedgerAccount.Events].Dropped[(int)DropReason.UnknownType]));
    }

    [Fact]
    public void Read_EscapedNames_AreTheSameNames()
    {
        Post("""[{"ti\u006de":"2025-08-11T12:00:00.102Z","type":"funct\u0069on","r\u0065cord":"x"}]""");

        Assert.Equal(["\"x\""], _sink.Texts);
        Assert.Equal(1_754_913_600_102_000_000, _sink.Times[0]);
    }

    [Fact]
    public void Read_UnknownType_IsCountedAsThat()
    {
        Post("""[{"time":"2025-08-11T12:00:00.000Z","type":"quantum","record":{}}]""");

        Assert.Equal(1, _ledger[LedgerAccount.Events].Dropped[(int)DropReason.UnknownType]);
    }

    [Theory]
    [InlineData("23:23:521Z")]
    [InlineData("")]
    public void Read_BadTimestamp_KeepsTheRecord(string time)
    {
        Post($$"""[{"time":"{{time}}","type":"function","record":"x"}]""");

        Assert.Equal(0, Assert.Single(_sink.Times));
        Assert.Equal(0, Malformed);
    }

    /// <summary>Batches as AWS's own pages print them, and variants.</summary>
    [Theory]
    [InlineData("2025-08-11T12:00:23:521Z")]
    [InlineData("2025-08-11T12:00:23.521Z")]
    [InlineData("2025-08-11T12:00:23,521Z")]
    [InlineData("2025-08-11T12:00:23.521000000Z")]
    [InlineData("2025-08-11 12:00:23.521")]
    [InlineData("2025-08-11T14:00:23.521+02:00")]
    [InlineData("2025-08-11T14:00:23.521+0200")]
    public void Read_TimestampInAnyForm_IsRead(string time)
    {
        Post($$"""[{"time":"{{time}}","type":"function","record":"x"}]""");

        Assert.Equal(1_754_913_623_521_000_000, Assert.Single(_sink.Times));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("[1,2,3]")]
    [InlineData("[{]")]
    [InlineData("\0\0\0")]
    public void Read_Garbage_IsCountedOnce(string body)
    {
        Post(body);

        Assert.Empty(_sink.Texts);
        Assert.Equal(1, Malformed);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData(" [ \n ] ")]
    public void Read_EmptyBatch_IsNothing(string body)
    {
        Post(body);

        Assert.Equal(0, Malformed);
    }

    [Fact]
    public void Read_RecordCutInTwo_IsJoined()
    {
        const string envelope = """{"time":"2025-08-11T12:00:00.101Z","type":"function","record":""";
        Post($"[{Start},{envelope}\"the beginning }}]");
        Post($"[{envelope} and the end\"}},{Done}]");

        Assert.Equal([Start, "\"the beginning  and the end\"", Done], _sink.Texts);
        Assert.Equal(0, Malformed);
    }

    /// <summary>After a cut inside a number or literal the rest reads as a record of its own.</summary>
    [Theory]
    [InlineData("""{"a":1234}""")]
    [InlineData("""{"a":[12.5e3,{"b":-34}],"c":true,"d":null}""")]
    [InlineData("""{"message":"a \"quoted\" \u00e9 }, text","n":{"n":{"n":12345678}}}""")]
    [InlineData("\"line with }] and \\n and \\u00e9 and {\\\"time\\\":\"")]
    public void Read_RecordCutAnywhere_IsJoined(string value)
    {
        const string envelope = """{"time":"2025-08-11T12:00:00.101Z","type":"function","record":""";
        for (var cut = 0; cut < value.Length; cut++)
        {
            foreach (var more in new[] { "", "," + Done })
            {
                _sink.Texts.Clear();
                Post($"[{Start},{envelope}{value[..cut]}}}]");
                Post($"[{envelope}{value[cut..]}}}{more}]");

                Assert.Equal(more.Length == 0 ? [Start, value] : [Start, value, Done], _sink.Texts);
                Assert.Equal(0, Malformed);
            }
        }
    }

    /// <summary>A failure with one record, even for lack of memory, affects only that record.</summary>
    [Fact]
    public void Read_SinkThatFailsForOneRecord_CostsThatRecord()
    {
        _sink.FailAt = 1;
        Post($"[{Start},{Line},{Line},{Done}]");

        Assert.Equal([Start, "\"hello\\n\"", Done], _sink.Texts);
        Assert.Equal((1, "done r1 False"), (Malformed, Assert.Single(_signals.Seen)));
    }

    [Fact]
    public void Read_RecordCutInThree_IsJoined()
    {
        const string envelope = """{"time":"2025-08-11T12:00:00.101Z","type":"function","record":""";
        Post($"[{envelope}\"one}}]");
        Post($"[{envelope}two}}]");
        Post($"[{envelope}three\"}}]");

        Assert.Equal(["\"onetwothree\""], _sink.Texts);
        Assert.Equal(0, Malformed);
    }

    [Fact]
    public void Read_CutRecordWithoutItsRest_IsCountedAndTheNextBatchIsRead()
    {
        const string envelope = """{"time":"2025-08-11T12:00:00.101Z","type":"function","record":""";
        Post($"[{envelope}\"one}}]");
        Post($"[{Line}]");
        Post($"[{envelope}\"another}}]");
        _endpoint.Close();

        Assert.Equal(["\"hello\\n\""], _sink.Texts);
        Assert.Equal(2, Malformed);
    }

    [Fact]
    public void Read_RecordCutInTwoByAFreeze_IsJoined()
    {
        const string envelope = """{"time":"2025-08-11T12:00:00.101Z","type":"function","record":""";
        Post($"[{envelope}\"before }}]");
        _time.Advance(TimeSpan.FromMinutes(20));
        Post($"[{envelope}and after\"}},{Done}]");

        Assert.Equal(["\"before and after\"", Done], _sink.Texts);
        Assert.Equal(0, Malformed);
    }

    [Fact]
    public void Read_RandomDamage_NeverThrowsAndKeepsCounting()
    {
        var random = new Random(4711);
        var whole = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat($"{Start},{Line},{Done},{Report}", 8))}]");
        for (var round = 0; round < 3000; round++)
        {
            var bytes = whole[..random.Next(whole.Length)];
            for (var hits = random.Next(6); hits > 0 && bytes.Length > 0; hits--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Post(bytes);
        }

        Assert.True(_sink.Texts.Count > 3000);
    }

    private long Malformed => _ledger[LedgerAccount.Events].Dropped[(int)DropReason.Malformed];

    private void Post(string body) => Post(Encoding.UTF8.GetBytes(body));

    private void Post(byte[] bytes)
    {
        var body = PooledBody.Rent(bytes.Length);
        bytes.CopyTo(body.Span);
        _endpoint.Read(body);
    }

    private sealed class RecordingSink : ITelemetrySink
    {
        public List<string> Texts { get; } = [];

        public List<TelemetryItemKind> Kinds { get; } = [];

        public List<long> Times { get; } = [];

        public int FailAt { get; set; } = -1;

        public bool TryWrite(in TelemetryItem item)
        {
            if (FailAt-- == 0)
                throw new InsufficientMemoryException();
            Texts.Add(Encoding.UTF8.GetString(item.Bytes));
            Kinds.Add(item.Kind);
            Times.Add(item.TimeUnixNano);
            item.Release();
            return true;
        }
    }

    private sealed class RecordingSignals : IInvocationSignals
    {
        public List<string> Seen { get; } = [];

        public void RuntimeDone(string? requestId, bool failed) => Seen.Add($"done {requestId} {failed}");

        public void Reported(string? requestId, bool failed) => Seen.Add($"reported {requestId} {failed}");
    }
}
