using LambdaSandbox;
using LambdaSandbox.CloudWatch;

namespace EndToEnd.Tests.CloudWatch;

/// <summary>One moto for all tests with a working CloudWatch Logs. Each test has its own log groups.</summary>
public sealed class LocalCloudWatch : IAsyncLifetime
{
    private CloudWatchLogsServer? _server;
    private string _missing = "";

    /// <summary>Skips the test where moto is missing, with the reason.</summary>
    public CloudWatchLogsServer Server
    {
        get
        {
            if (_server is null)
                Assert.Skip(_missing);
            return _server!;
        }
    }

    /// <summary>All events of a group. Fails if one breaks a rule.</summary>
    public async Task<IReadOnlyList<StoredLogEvent>> EventsAsync(string group)
    {
        var events = await Server.Logs.EventsAsync(group, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(events.SelectMany(static logEvent => CloudWatchRules.Check(logEvent.Message).Select(rule => $"{rule}: {logEvent.Message}")));
        return events;
    }

    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await CloudWatchLogsServer.StartAsync(TestContext.Current.CancellationToken);
        }
        catch (SandboxException exception)
        {
            _missing = exception.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
#pragma warning disable CA1711 // xunit's word for it
public sealed class CloudWatchCollection : ICollectionFixture<LocalCloudWatch>
#pragma warning restore CA1711
{
    public const string Name = "CloudWatch";
}
