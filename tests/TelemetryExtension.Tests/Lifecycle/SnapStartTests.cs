using System.Net;
using TelemetryExtension.Lifecycle;
using TelemetryExtension.Native;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>Alone, because a restore concerns every connection of the process.</summary>
[Collection(nameof(AloneInTheProcess))]
public class SnapStartTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void OnInvoke_OfACopy_NoticesTheRestoreOnce(bool isExpected, int expected)
    {
        var restored = 0;
        var snapStart = new SnapStart(isExpected, () => restored++);
        var before = SnapshotRestores.Count;

        snapStart.OnInvoke();
        snapStart.OnInvoke();

        Assert.Equal((expected, expected), (restored, SnapshotRestores.Count - before));
    }

    [Theory]
    [InlineData(true, 0, 1)]
    [InlineData(false, 1, 1)]
    public void OnStart_BeforeASnapshot_LeavesTheQuestionsToTheCopy(bool isExpected, int atStart, int atInvoke)
    {
        var asked = 0;
        var snapStart = new SnapStart(isExpected, () => asked++);

        snapStart.OnStart();
        Assert.Equal(atStart, asked);

        snapStart.OnInvoke();
        Assert.Equal(atInvoke, asked);
    }

    [Fact]
    public void OnRestores_AfterTheInvokeOfTheSameCopy_IsKnownAlready()
    {
        var restored = 0;
        var snapStart = new SnapStart(true, () => restored++);

        snapStart.OnInvoke();
        snapStart.OnRestores(1);
        Assert.Equal(1, restored);

        snapStart.OnRestores(2);
        Assert.Equal(2, restored);
    }

    [Fact]
    public async Task Connection_FromBeforeTheSnapshot_IsNotUsedAgain()
    {
        var handlers = 0;
        using var connections = new OutboundConnections(() => new Answering(++handlers), TimeProvider.System, allShareOne: true);
        Assert.Equal("1", await SendAsync(connections));
        Assert.Equal("1", await SendAsync(connections));
        Assert.False(connections.IsCold);

        SnapshotRestores.Notice();

        Assert.True(connections.IsCold);
        Assert.Equal("2", await SendAsync(connections));
    }

    [Fact]
    public void NextDouble_ManyTimes_IsFromZeroUpToOneAndDiffers()
    {
        var numbers = Enumerable.Range(0, 1000).Select(_ => SnapshotRestores.NextDouble()).ToList();

        Assert.All(numbers, number => Assert.InRange(number, 0, 0.9999999999));
        Assert.InRange(numbers.Average(), 0.4, 0.6);
        Assert.InRange(numbers.Distinct().Count(), 990, 1000);
    }

    private static async Task<string> SendAsync(OutboundConnections connections) => await connections.SendAsync(
        static () => new HttpRequestMessage(HttpMethod.Post, "http://backend.invalid/"),
        static async (response, token) => await response.Content.ReadAsStringAsync(token), TestContext.Current.CancellationToken);

    private sealed class Answering(int number) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent($"{number}") });
    }
}
