using System.Security.Cryptography;
using TelemetryExtension.DeadLetters;
using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.DeadLetters.Replay;

public sealed class DeadLetterAssemblerTests
{
    [Fact]
    public void Add_MorePartsWaitThanFit_TheOldestPayloadIsGivenUpAndNamed()
    {
        var assembler = new DeadLetterAssembler(maxWaitingBytes: 20_000);
        var letters = Enumerable.Range(0, 10).Select(static _ => Letter(6_000)).ToList();
        foreach (var letter in letters)
            Assert.Empty(assembler.Add(letter.Lines[0]).ToList());

        // The newest letter can still be completed, the oldest cannot.
        Assert.Single(Rest(letters[^1]));
        Assert.Empty(Rest(letters[0]));
        Assert.Contains(assembler.Incomplete(), problem => problem.StartsWith(letters[0].Payload.BatchId, StringComparison.Ordinal));

        List<OtlpPayload> Rest(DeadLetter letter) => [.. letter.Lines.Skip(1).SelectMany(assembler.Add)];
    }

    [Fact]
    public void Add_MillionsOfFirstParts_StayWithinTheLimit()
    {
        var assembler = new DeadLetterAssembler(maxWaitingBytes: 100_000);
        for (var i = 0; i < 20_000; i++)
        {
            var part = new DeadLetterPart($"id{i}", Signal.Logs, 1, 0, 1, "sum", 1, 9_999, "AAAA");
            Assert.Empty(assembler.Add(part.ToString()).ToList());
        }

        Assert.InRange(assembler.Incomplete().Count(), 1, 1_100);
        Assert.True(assembler.MoreProblems > 18_000);
    }

    [Fact]
    public void Add_DamagedPartsWithoutEnd_AreCountedButNotKept()
    {
        var assembler = new DeadLetterAssembler();
        for (var i = 0; i < 5_000; i++)
            Assert.Empty(assembler.Add($"otlp-dead-letter/1 id=x{i} signal=logs").ToList());
        Assert.Equal(1_000, assembler.Problems.Count);
        Assert.Equal(4_000, assembler.MoreProblems);
    }

    [Fact]
    public void Add_FewBytesThatClaimToBeMany_GetNoMemory()
    {
        var assembler = new DeadLetterAssembler();
        var part = new DeadLetterPart("id", Signal.Logs, 1, 0, 60 * 1024 * 1024, "sum", 1, 1, "AAAA");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Empty(assembler.Add(part.ToString()).ToList());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 1024);
        Assert.Contains("claims 62914560 bytes", Assert.Single(assembler.Problems), StringComparison.Ordinal);
    }

    private static DeadLetter Letter(int bytes) =>
        DeadLetter.Of(new(Signal.Logs, RandomNumberGenerator.GetBytes(bytes), 1, DateTimeOffset.UnixEpoch), dataPerLine: 2_000);
}
