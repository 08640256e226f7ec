using TelemetryExtension.Configuration;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.Tests.Secrets;

public sealed class SecretStoreTests
{
    private static readonly SecretSource Key = FakeSecretReader.Key;
    private static readonly SecretSource Host = FakeSecretReader.Host;

    private readonly FakeSecretReader _reader = new() { Texts = { [Key] = "k1", [Host] = "h1" } };
    private readonly ManualTimeProvider _time = new();
    private readonly SecretStore _store;

    public SecretStoreTests() => _store = new(_reader, TimeSpan.FromHours(1), _time, static () => 1);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_SeveralSecrets_AreReadInOneCallAndKept()
    {
        var first = await _store.GetAsync([Key, Host], Cancelled);
        var second = await _store.GetAsync([Key], Cancelled);

        Assert.Equal(("k1", "h1", "k1"), (first!.Of(new(Key, null)), first.Of(new(Host, null)), second!.Of(new(Key, null))));
        Assert.Equal([Key, Host], Assert.Single(_reader.Calls).Sources);
    }

    [Fact]
    public async Task Get_WhileTheyAreRead_JoinsTheCall()
    {
        var answer = new TaskCompletionSource();
        _reader.Answers = answer.Task;
        var both = new[] { _store.GetAsync([Key], Cancelled).AsTask(), _store.GetAsync([Key], Cancelled).AsTask() };
        answer.SetResult();

        Assert.All(await Task.WhenAll(both), values => Assert.Equal("k1", values!.Of(new(Key, null))));
        Assert.Single(_reader.Calls);
    }

    /// <summary>The caller has only the time of a flush. The read continues for the next flush.</summary>
    [Fact]
    public async Task Get_CallerGivesUp_TheReadGoesOn()
    {
        var answer = new TaskCompletionSource();
        _reader.Answers = answer.Task;
        using var flush = new CancellationTokenSource();
        var cut = _store.GetAsync([Key], flush.Token).AsTask();
        await flush.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cut);
        answer.SetResult();

        Assert.NotNull(await _store.GetAsync([Key], Cancelled));
        Assert.Single(_reader.Calls);
    }

    [Fact]
    public async Task Get_StoreDoesNotAnswer_EndsAfterItsOwnTime()
    {
        _reader.Answers = new TaskCompletionSource().Task;
        var values = _store.GetAsync([Key], Cancelled).AsTask();
        await _time.TimerWithinAsync(TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Null(await values);
    }

    [Fact]
    public async Task Get_CannotBeRead_IsTriedAgainAfterAPause()
    {
        _reader.Texts.Clear();
        Assert.Null(await _store.GetAsync([Key], Cancelled));
        Assert.Null(await _store.GetAsync([Key], Cancelled));
        Assert.Single(_reader.Calls);
        _reader.Texts[Key] = "k1";
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull(await _store.GetAsync([Key], Cancelled));
    }

    [Fact]
    public async Task Get_OneOfTwoCannotBeRead_OnlyThatOneIsTriedAgain()
    {
        _reader.Texts.Remove(Host, out _);
        Assert.Null(await _store.GetAsync([Key, Host], Cancelled));
        Assert.NotNull(await _store.GetAsync([Key], Cancelled));
        _time.Advance(TimeSpan.FromSeconds(1));
        await _store.GetAsync([Key, Host], Cancelled);

        Assert.Equal([Host], _reader.Calls.Last().Sources);
    }

    /// <summary>Nobody waits for a known secret, even when it is old and the store is slow.</summary>
    [Fact]
    public async Task Get_TooOld_IsAnsweredAtOnceAndReadInTheBackground()
    {
        await _store.GetAsync([Key], Cancelled);
        _time.JumpWallClock(TimeSpan.FromHours(1));
        _reader.Texts[Key] = "k2";
        var answer = new TaskCompletionSource();
        _reader.Answers = answer.Task;
        var old = await _store.GetAsync([Key], Cancelled);
        answer.SetResult();
        while ((await _store.GetAsync([Key], Cancelled))!.Of(new(Key, null)) == "k1")
            await Task.Yield();

        Assert.Equal("k1", old!.Of(new(Key, null)));
        Assert.Equal(2, _reader.Calls.Count);
        Assert.False(_reader.Calls.Last().IsFresh);
    }

    [Fact]
    public async Task Refresh_Rotated_GivesTheNewValuesOnceForAll()
    {
        var used = (await _store.GetAsync([Key], Cancelled))!;
        _reader.Texts[Key] = "k2";
        _time.Advance(TimeSpan.FromSeconds(5));
        var others = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _store.RefreshAsync([Key], used, Cancelled).AsTask()));

        Assert.All(others, values => Assert.Equal("k2", values!.Of(new(Key, null))));
        Assert.Equal([false, true], _reader.Calls.Select(call => call.IsFresh));
        Assert.NotNull(await _store.RefreshAsync([Key], used, Cancelled));
        Assert.Equal(2, _reader.Calls.Count);
    }

    [Fact]
    public async Task Refresh_NotRotated_IsNullAndRarelyAsked()
    {
        var used = (await _store.GetAsync([Key], Cancelled))!;
        for (var second = 0; second < 20; second++)
        {
            Assert.Null(await _store.RefreshAsync([Key], used, Cancelled));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(_reader.Calls.Count, 2, 5);
    }

    [Theory]
    [InlineData("{\"a\":\"x\",\"n\":5}", "a", "x")]
    [InlineData("{\"a\":\"x\",\"n\":5}", "n", "5")]
    [InlineData("{\"a\":\"x\",\"n\":5}", "b", null)]
    [InlineData("not json", "a", null)]
    [InlineData("[1]", "a", null)]
    [InlineData("plain", null, "plain")]
    public async Task Of_Reference_IsTheMemberOfTheSecret(string text, string? jsonKey, string? expected)
    {
        _reader.Texts[Key] = text;

        Assert.Equal(expected, (await _store.GetAsync([Key], Cancelled))!.Of(new(Key, jsonKey)));
    }
}
