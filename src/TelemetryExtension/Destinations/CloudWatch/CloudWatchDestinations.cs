using Amazon.CloudWatchLogs;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Emf;
using TelemetryExtension.Destinations.CloudWatch.Streams;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>Builds the destinations that the options name. Cheap, because the first event creates the client.</summary>
internal static class CloudWatchDestinations
{
    /// <param name="environment">See <see cref="EmfEncoder"/>.</param>
    public static List<IDestination> Create(
        CloudWatchOptions options, Lazy<AmazonCloudWatchLogsClient> client, Func<LogNameValues> names, Func<string, string?> environment, TextWriter stdout,
        TimeProvider time)
    {
        var destinations = new List<IDestination>(2);
        if (options.Target is { } target)
            destinations.Add(new CloudWatchLogsDestination(options, new LogStreamWriter(client, target, names, time), environment));
        if (options.Emf.Output == EmfOutput.Stdout)
            destinations.Add(new EmfStdoutDestination(options.Emf, stdout, environment));
        return destinations;
    }
}
