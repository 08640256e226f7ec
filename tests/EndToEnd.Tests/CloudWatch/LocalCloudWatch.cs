using EndToEnd.Tests.Aws;
using LambdaSandbox;
using LambdaSandbox.CloudWatch;

namespace EndToEnd.Tests.CloudWatch;

/// <summary>One moto for all tests with a working CloudWatch Logs or secret store. Each test has its own log groups and secrets.</summary>
public sealed class LocalCloudWatch : IAsyncLifetime
{
    private CloudWatchLogsServer? _server;
    private RecordingGateway? _gateway;
    private string _missing = "";

    /// <summary>The URL for what is tested.</summary>
    public Uri Url
    {
        get
        {
            _ = Server;
            return _gateway!.Url;
        }
    }

    /// <summary>What came to <see cref="Url"/> in this test.</summary>
    internal IReadOnlyList<AwsRequest> Requests => _gateway!.Requests;

    /// <summary>For the test's own calls. Skips the test where moto is missing, with the reason.</summary>
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
            _gateway = await RecordingGateway.StartAsync(_server.Url);
        }
        catch (SandboxException exception)
        {
            _missing = exception.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
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
