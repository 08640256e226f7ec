using Amazon.Runtime;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>The command's access to the outside world.</summary>
/// <param name="Error">For the report and the progress bar.</param>
/// <param name="ErrorIsTerminal">Whether a progress bar can be drawn on it.</param>
/// <param name="Connect">Creates the sender for a target. Throws <see cref="ArgumentException"/> with the reason when it cannot.</param>
internal sealed record ReplayEnvironment(
    TextWriter Output, TextWriter Error, bool ErrorIsTerminal, Func<Stream> OpenInput, Func<ReplayTarget, IDestination> Connect, AwsOptions Aws, TimeProvider Time);

/// <summary>The command <c>telemetry-extension replay</c>: from arguments to exit code.</summary>
internal static class ReplayCommand
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, ReplayEnvironment environment, CancellationToken cancellationToken)
    {
        var options = ReplayArguments.Parse(arguments, environment.Time.GetUtcNow(), out var problem);
        if (options is not null)
            return await RunAsync(options, environment, cancellationToken).ConfigureAwait(false);
        if (problem is null)
        {
            environment.Output.Write(ReplayArguments.Help);
            return ReplayExit.Ok;
        }

        environment.Error.WriteLine($"replay: {problem}. See telemetry-extension replay --help.");
        return ReplayExit.Usage;
    }

    private static async Task<int> RunAsync(ReplayOptions options, ReplayEnvironment environment, CancellationToken cancellationToken)
    {
        var bar = new ProgressBar(environment.Error, environment.ErrorIsTerminal, environment.Time);
        try
        {
            using var state = options.StateFile is { } file ? Opened(file, path => ReplayState.Open(path, readOnly: options.DryRun)) : ReplayState.Open(null);
            var destination = options.DryRun || options.Target is null ? null : environment.Connect(options.Target);
            var replayer = new Replayer(destination is null ? null : destination.DeliverAsync, state, Say, environment.Time);
            var report = await replayer.RunAsync(Lines(options, environment, bar, cancellationToken), bar.Draw, cancellationToken).ConfigureAwait(false);
            bar.Clear();
            var name = options.LogGroup ?? (options.File == "-" ? "standard input" : options.File);
            if (report.InputProblem is { } problem)
                environment.Error.WriteLine($"replay: cannot read {name} to its end: {problem}");
            else if (report.FoundNone)
                environment.Error.WriteLine($"replay: there is no dead letter in {name}");
            environment.Output.WriteLine(report.ToText(options.DryRun));
            // A scheduled replay of a log group normally finds nothing.
            return report.ExitCode == ReplayExit.None && options.LogGroup is not null ? ReplayExit.Ok : report.ExitCode;
        }
        catch (OperationCanceledException)
        {
            bar.Clear();
            environment.Error.WriteLine("replay: interrupted");
            return ReplayExit.Interrupted;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException
            or AmazonClientException or AmazonServiceException or HttpRequestException)
        {
            bar.Clear();
            environment.Error.WriteLine("replay: " + Reason.Of(exception));
            return ReplayExit.Usage;
        }

        void Say(string line)
        {
            bar.Clear();
            environment.Error.WriteLine(line);
        }
    }

    private static IAsyncEnumerable<string> Lines(ReplayOptions options, ReplayEnvironment environment, ProgressBar bar, CancellationToken cancellationToken)
    {
        if (options.LogGroup is not null)
            return LogGroupSource.Lines(CloudWatchLogsClientFactory.Create(environment.Aws, retries: CloudWatchLogsClientFactory.PatientRetries), options, cancellationToken);
        var stream = options.File == "-" ? environment.OpenInput() : Opened(options.File, File.OpenRead);
        return LineSource.Lines(stream, done => bar.Done = done, cancellationToken);
    }

    /// <exception cref="IOException">Contains the path and the reason why it cannot be opened.</exception>
    private static T Opened<T>(string path, Func<string, T> open)
    {
        try
        {
            return open(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"{path}: {(Directory.Exists(path) ? "is a directory" : Reason.Of(exception))}", exception);
        }
    }
}
