using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.DeadLetters;
using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Destinations.CloudWatch;

namespace TelemetryExtension.Tests.DeadLetters;

public sealed class DeadLetterTests
{
    [Fact]
    public void Of_Small_IsOneReadableLine()
    {
        var line = Assert.Single(DeadLetter.Of(OtlpBuilder.Payload(Signal.Logs, [1, 2, 3], 12, "abc")).Lines);

        Assert.StartsWith("otlp-dead-letter/1 id=abc signal=logs records=12 created=1767225600000 size=3 sum=039058c6f2c0cb492c533b0a4d14ef77 part=1/1 check=", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    /// <summary>Programs from before the reason read only up to the end of the data, so the rest of the line must be as it was.</summary>
    [Fact]
    public void Of_Reason_StandsBehindEachLine()
    {
        var payload = OtlpBuilder.Payload(Signal.Logs, RandomBytes(new Random(1), 300), 1, "abc");
        var lines = DeadLetter.Of(payload, 100, DropReason.SpoolLost).Lines;

        Assert.Equal(DeadLetter.Of(payload, 100).Lines.Select(static line => line + " reason=spool_lost"), lines);
        AssertSame(payload, Assert.Single(lines.SelectMany(new DeadLetterAssembler().Add)));
        AssertSame(payload, Assert.Single(lines.Select(static line => line[..^3]).SelectMany(new DeadLetterAssembler().Add)));
    }

    /// <summary>Any payloads, split anywhere, interleaved, some lines repeated: every payload is restored once and unchanged.</summary>
    [Fact]
    public void Assemble_ShuffledAndRepeatedLines_GivesEveryPayloadOnce() => Prop.ForAll(Payloads.ToArbitrary(), given =>
    {
        var (payloads, perLine, seed) = given;
        DropReason? reason = seed % 2 == 0 ? DropReason.Refused : null;
        var random = new Random(seed);
        var lines = payloads.SelectMany(payload => DeadLetter.Of(payload, perLine, reason).Lines).SelectMany(line => Enumerable.Repeat(Wrap(line, random), random.Next(1, 3))).ToArray();
        random.Shuffle(lines);
        var assembler = new DeadLetterAssembler();

        var restored = lines.SelectMany(assembler.Add).ToDictionary(payload => payload.BatchId);

        Assert.Empty(assembler.Problems);
        Assert.Empty(assembler.Incomplete());
        Assert.Equal(lines.Length - lines.Distinct(StringComparer.Ordinal).Count(), assembler.Duplicates);
        Assert.Equal(payloads.Length, restored.Count);
        Assert.All(payloads, payload => AssertSame(payload, restored[payload.BatchId]));
    }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Assemble_AnyCharacterChanged_IsReportedAndNeverSentWrong()
    {
        var payload = OtlpBuilder.Payload(Signal.Traces, OtlpBuilder.Logs("some text that is compressed"), 3, "abc");
        var line = Assert.Single(DeadLetter.Of(payload).Lines);
        for (var i = 0; i < line.Length; i++)
        {
            foreach (var other in "A0 \"")
            {
                var assembler = new DeadLetterAssembler();

                foreach (var restored in assembler.Add(line[..i] + other + line[(i + 1)..]))
                    AssertSame(payload, restored);

                if (line[i] == other)
                    continue;
                // A broken marker or " id=" means that the line is not a dead letter. Anything else is reported as damaged.
                Assert.True(assembler.Problems.Count == 1 || i < "otlp-dead-letter/1 id=".Length, $"position {i}");
            }
        }
    }

    [Fact]
    public void Assemble_EveryCutLine_IsReportedOrIgnored()
    {
        var line = DeadLetter.Of(OtlpBuilder.Payload(Signal.Logs, [1, 2, 3])).Lines[0];
        for (var length = 0; length < line.Length; length++)
        {
            var assembler = new DeadLetterAssembler();
            Assert.Empty(assembler.Add(line[..length]));
        }
    }

    [Fact]
    public void Assemble_MissingPart_IsNamed()
    {
        var lines = DeadLetter.Of(OtlpBuilder.Payload(Signal.Metrics, RandomBytes(new Random(1), 300), 4, "abc"), 100).Lines;
        var assembler = new DeadLetterAssembler();

        Assert.Empty(lines.Where((_, i) => i is not 1 and not 2).SelectMany(assembler.Add));

        Assert.Equal($"abc (metrics, 4 records) lacks part 2, 3 of {lines.Count}", Assert.Single(assembler.Incomplete()));
    }

    [Fact]
    public void Assemble_PartsOfTwoPayloadsUnderOneId_AreKeptApart()
    {
        var assembler = new DeadLetterAssembler();
        var one = DeadLetter.Of(OtlpBuilder.Payload(Signal.Logs, RandomBytes(new Random(1), 300), 1, "same"), 100).Lines;
        var two = DeadLetter.Of(OtlpBuilder.Payload(Signal.Logs, RandomBytes(new Random(2), 300), 1, "same"), 100).Lines;

        Assert.Equal(2, one.Zip(two).SelectMany(pair => assembler.Add(pair.First).Concat(assembler.Add(pair.Second))).Count());
    }

    [Fact]
    public void Assemble_NewerVersionAndMereMention_AreDistinguished()
    {
        var assembler = new DeadLetterAssembler();

        Assert.Empty(assembler.Add("otlp-dead-letter/2 id=abc data=x"));
        Assert.Empty(assembler.Add("searching for otlp-dead-letter/1 in the logs"));

        Assert.Contains("newer form", Assert.Single(assembler.Problems), StringComparison.Ordinal);
    }

    private static Gen<(OtlpPayload[] Payloads, int PerLine, int Seed)> Payloads =>
        from count in Gen.Choose(1, 6)
        from size in Gen.Elements(0, 1, 100, 5000)
        from perLine in Gen.Elements(50, 400, DeadLetter.DataPerLine)
        from seed in Gen.Choose(0, int.MaxValue)
        select (Enumerable.Range(0, count).Select(i => OtlpBuilder.Payload((Signal)(i % 3), RandomBytes(new Random(seed + i), size + i), i)).ToArray(), perLine, seed);

    private static string Wrap(string line, Random random) => random.Next(3) switch
    {
        0 => line,
        1 => "2026-01-01T00:00:00.000Z " + line,
        _ => $"{{\"message\": \"{line}\\n\", \"timestamp\": 1}},",
    };

    private static byte[] RandomBytes(Random random, int size)
    {
        var bytes = new byte[size];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void AssertSame(OtlpPayload expected, OtlpPayload actual)
    {
        Assert.Equal((expected.BatchId, expected.Signal, expected.Records, expected.Created), (actual.BatchId, actual.Signal, actual.Records, actual.Created));
        Assert.Equal(expected.Body.ToArray(), actual.Body.ToArray());
    }
}
