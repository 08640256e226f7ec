using System.Threading.Channels;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Buffering;

namespace TelemetryExtension.Tests.Buffering;

/// <summary>Any sequence of calls on one thread: the ring behaves like a queue, and like the BCL's bounded channel.</summary>
public sealed class LockFreeChannelModelTests
{
    public enum Act
    {
        Write,
        Read,
        Peek,
        Count,
        WaitToRead,
        WaitToWrite,
        Complete,
        CompleteWithError,
    }

    private static readonly Gen<Act> Sequence = Gen.Frequency(
        (40, Gen.Constant(Act.Write)),
        (35, Gen.Constant(Act.Read)),
        (8, Gen.Constant(Act.Peek)),
        (5, Gen.Constant(Act.Count)),
        (8, Gen.Constant(Act.WaitToRead)),
        (8, Gen.Constant(Act.WaitToWrite)),
        (1, Gen.Constant(Act.Complete)),
        (1, Gen.Constant(Act.CompleteWithError)));

    private static readonly Arbitrary<(int Capacity, Act[] Acts)> Scripts = Gen.Elements(1, 2, 4, 8)
        .SelectMany(capacity => Sequence.ArrayOf(), (capacity, acts) => (capacity, acts))
        .ToArbitrary();

    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(200);

    [Fact]
    public void AnyCalls_OneThread_AnswersLikeBoundedChannel() =>
        Check.One(Config, Prop.ForAll(Scripts, script =>
            Run(new LockFreeChannel<string>(script.Capacity), script.Acts)
                .SequenceEqual(Run(Channel.CreateBounded<string>(script.Capacity), script.Acts))));

    [Fact]
    public void AnyCalls_OneThread_BehavesLikeQueue() =>
        Check.One(Config, Prop.ForAll(Scripts, script =>
        {
            var channel = new LockFreeChannel<string>(script.Capacity);
            var queue = new Queue<string>();
            var closed = false;
            var number = 0;
            var agree = true;
            foreach (var act in script.Acts)
            {
                switch (act)
                {
                    case Act.Write:
                        var text = $"item {number++}";
                        var fits = !closed && queue.Count < script.Capacity;
                        agree &= channel.Writer.TryWrite(text) == fits;
                        if (fits)
                            queue.Enqueue(text);
                        break;
                    case Act.Read:
                        var some = queue.TryDequeue(out var expected);
                        agree &= channel.Reader.TryRead(out var actual) == some && actual == expected;
                        break;
                    case Act.Complete or Act.CompleteWithError:
                        agree &= channel.Writer.TryComplete() == !closed;
                        closed = true;
                        break;
                    default:
                        break;
                }

                agree &= channel.Reader.Count == queue.Count;
                agree &= channel.Reader.Completion.IsCompleted == (closed && queue.Count == 0);
            }

            return agree;
        }));

    /// <summary>Records everything observable after each action. A wait that would block is cancelled.</summary>
    private static List<string> Run(Channel<string> channel, Act[] acts)
    {
        var seen = new List<string>();
        var number = 0;
        foreach (var act in acts)
        {
            seen.Add(act + ": " + act switch
            {
                Act.Write => channel.Writer.TryWrite($"item {number++}").ToString(),
                Act.Read => $"{channel.Reader.TryRead(out var item)} {item}",
                Act.Peek => $"{channel.Reader.TryPeek(out var item)} {item}",
                Act.Count => channel.Reader.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
                Act.WaitToRead => Outcome(channel.Reader.WaitToReadAsync),
                Act.WaitToWrite => Outcome(channel.Writer.WaitToWriteAsync),
                Act.Complete => channel.Writer.TryComplete().ToString(),
                _ => channel.Writer.TryComplete(new FormatException("no more")).ToString(),
            });
            seen.Add(channel.Reader.Completion.Status.ToString());
        }

        return seen;
    }

    private static string Outcome(Func<CancellationToken, ValueTask<bool>> wait)
    {
        using var cancellation = new CancellationTokenSource();
        var task = wait(cancellation.Token).AsTask();
        var blocks = !task.IsCompleted;
        cancellation.Cancel();
        try
        {
            return $"{(blocks ? "blocks, then " : "")}{task.WaitAsync(TimeSpan.FromSeconds(10)).GetAwaiter().GetResult()}";
        }
        catch (OperationCanceledException)
        {
            return $"{(blocks ? "blocks, then " : "")}canceled";
        }
        catch (Exception exception) when (exception is not TimeoutException)
        {
            return $"{(blocks ? "blocks, then " : "")}{exception.GetType().Name} {exception.Message}";
        }
    }
}
