using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Network;

public sealed class AddressRaceTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void Run_FirstAnswersInTime_OthersAreNeverTried()
    {
        using var race = new Race(Answers(99), Answers(1));
        race.RunToEnd();
        Assert.Equal((0, 1), (race.Winner, race.Started.Count));
    }

    [Fact]
    public void Run_FirstDoesNotAnswer_SecondStartsAfterTheDelay()
    {
        using var race = new Race(Silence, Answers(5));
        race.RunToEnd();
        Assert.Equal((1, 105), (race.Winner, race.Elapsed));
        Assert.Equal([0], race.Lost);
    }

    [Fact]
    public void Run_FirstRefuses_SecondStartsAtOnce()
    {
        using var race = new Race(Fails(2), Answers(5));
        race.RunToEnd();
        Assert.Equal((1, 7), (race.Winner, race.Elapsed));
    }

    [Fact]
    public void Run_SlowFirstAnswersDuringTheSecond_FirstWins()
    {
        using var race = new Race(Answers(120), Answers(500));
        race.RunToEnd();
        Assert.Equal((0, 120), (race.Winner, race.Elapsed));
    }

    [Fact]
    public void Run_AllFail_ThrowsWhatSaysMost()
    {
        using var race = new Race(Fails(1, SocketError.NetworkUnreachable), Fails(1, SocketError.ConnectionRefused), Fails(1, SocketError.HostUnreachable));
        race.RunToEnd();
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(race.Failure).SocketErrorCode);
        Assert.Equal([0, 1, 2], race.Lost);
    }

    [Fact]
    public void Run_Cancelled_EndsAtOnceAndAllThatHangCountAsLost()
    {
        using var race = new Race(Silence, Silence, Silence);
        race.Advance(160);
        race.Cancel();
        Assert.IsType<OperationCanceledException>(race.Failure, exactMatch: false);
        Assert.Equal([0, 1, 2], race.Lost);
    }

    /// <summary>The first answer wins, no attempt starts late or needlessly, and nothing stays open.</summary>
    [Fact]
    public void Run_AnyAddresses_FirstAnswerWinsAndNothingLeaks()
    {
        var behaviour = Gen.OneOf(
            Gen.Choose(0, 400).Select(static ms => Answers(ms)), Gen.Choose(0, 400).Select(static ms => Fails(ms)), Gen.Constant(Silence));
        Prop.ForAll(Arb.From(behaviour.NonEmptyListOf().Where(static list => list.Count is > 1 and < 9)), list => Check([.. list])).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private static bool Check(Behaviour[] addresses)
    {
        using var race = new Race(addresses);
        race.Advance(3000);
        var ends = race.Started.ConvertAll(started => addresses[started.Index].Kind == Kind.Silence ? int.MaxValue : started.At + addresses[started.Index].Ms);
        for (var i = 1; i < race.Started.Count; i++)
        {
            var (delay, at) = (i == 1 ? 100 : 50, race.Started[i].At);
            if (at - race.Started[i - 1].At > delay || (at - race.Started[i - 1].At < delay && !Enumerable.Range(0, i).Any(each => addresses[each].Kind == Kind.Fails && ends[each] <= at)))
                return false;
        }

        var answers = Enumerable.Range(0, ends.Count).Where(each => addresses[each].Kind == Kind.Answers).Select(each => ends[each]).ToList();
        var isRight = race.Winner is { } winner
            ? addresses[winner].Kind == Kind.Answers && ends[winner] == race.Elapsed && answers.Min() == race.Elapsed
            : race.Started.Count == addresses.Length && answers.Count == 0 && race.Failure is SocketException == Array.TrueForAll(addresses, static each => each.Kind == Kind.Fails);
        race.Cancel();
        return isRight && race.Open == (race.Winner is null ? 0 : 1) && race.Lost.Distinct().Count() == race.Lost.Count;
    }

    private static Behaviour Answers(int ms) => new(Kind.Answers, ms);

    private static Behaviour Fails(int ms, SocketError error = SocketError.ConnectionRefused) => new(Kind.Fails, ms, error);

    private static Behaviour Silence => new(Kind.Silence, 0);

    private enum Kind
    {
        Answers,
        Fails,
        Silence,
    }

    private sealed record Behaviour(Kind Kind, int Ms, SocketError Error = SocketError.Success);

    /// <summary>One race in manual time.</summary>
    private sealed class Race : IDisposable
    {
        private readonly ManualTimeProvider _time = new();
        private readonly CancellationTokenSource _cancel = new();
        private readonly Behaviour[] _addresses;
        private readonly Task<(IPAddress Address, Connection Connection)> _task;

        public Race(params Behaviour[] addresses)
        {
            _addresses = addresses;
            _task = AddressRace.RunAsync<Connection>([.. addresses.Select(static (_, i) => new IPAddress(i + 1))], AttemptAsync, address => Lost.Add(Index(address)), _time, _cancel.Token);
        }

        public List<(int Index, int At)> Started { get; } = [];

        public List<int> Lost { get; } = [];

        public int Open { get; private set; }

        public int Elapsed { get; private set; }

        public int? Winner => _task.IsCompletedSuccessfully ? Index(_task.Result.Address) : null;

        public Exception? Failure => _task.IsCanceled ? new OperationCanceledException() : _task.Exception?.InnerException;

        public void RunToEnd() => Advance(10_000);

        public void Advance(int ms)
        {
            for (; ms > 0 && !_task.IsCompleted; ms--)
            {
                Elapsed++;
                _time.Advance(Millisecond);
            }
        }

        public void Cancel()
        {
            _cancel.Cancel();
            ((IAsyncResult)_task).AsyncWaitHandle.WaitOne();
        }


        public void Dispose() => _cancel.Dispose();

        private static int Index(IPAddress address) => address.GetAddressBytes()[0] - 1;

        private async Task<Connection> AttemptAsync(IPAddress address, CancellationToken cancellationToken)
        {
            var index = Index(address);
            Started.Add((index, Elapsed));
            var behaviour = _addresses[index];
            await Task.Delay(behaviour.Kind == Kind.Silence ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(behaviour.Ms), _time, cancellationToken).ConfigureAwait(false);
            if (behaviour.Kind == Kind.Fails)
                throw new SocketException((int)behaviour.Error);
            Open++;
            return new(() => Open--);
        }
    }

    private sealed class Connection(Action closed) : IDisposable
    {
        public void Dispose() => closed();
    }
}
