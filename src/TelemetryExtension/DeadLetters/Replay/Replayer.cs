using Amazon.Runtime;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>
/// Sends every payload of the lines in the order in which they become complete, with its old batch id. It retries with growing pauses. After one
/// payload has used up its attempts the backend counts as unreachable, and every later payload gets one attempt.
/// </summary>
internal sealed class Replayer(Func<OtlpPayload, CancellationToken, ValueTask<DeliveryResult>>? send, ReplayState state, Action<string> say, TimeProvider time)
{
    private const int Tries = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private int _tries = Tries;

    /// <summary>Replays what was read even if the input breaks off later.</summary>
    /// <param name="tick">Called after every payload.</param>
    public async Task<ReplayReport> RunAsync(IAsyncEnumerable<string> lines, Action<ReplayReport> tick, CancellationToken cancellationToken)
    {
        var report = new ReplayReport();
        var assembler = new DeadLetterAssembler();
        await using var input = lines.GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(input, report).ConfigureAwait(false))
        {
            foreach (var payload in assembler.Add(input.Current))
            {
                await ReplayAsync(payload, report, cancellationToken).ConfigureAwait(false);
                tick(report);
            }
        }

        report.FoundNone = !assembler.HasFound;
        var problems = assembler.Problems;
        foreach (var problem in problems)
            say("damaged: " + problem);
        foreach (var incomplete in assembler.Incomplete())
        {
            say("incomplete: " + incomplete);
            report.Incomplete++;
        }

        report.Damaged = problems.Count + assembler.MoreProblems;
        report.Repeated = assembler.Duplicates;
        return report;
    }

    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<string> input, ReplayReport report)
    {
        try
        {
            return await input.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or AmazonClientException or AmazonServiceException or HttpRequestException)
        {
            report.InputProblem = exception is InvalidDataException ? "the gzip data is damaged or cut off" : Reason.Of(exception);
            return false;
        }
    }

    private async Task ReplayAsync(OtlpPayload payload, ReplayReport report, CancellationToken cancellationToken)
    {
        if (state.WasSent(payload.BatchId))
        {
            report.Skipped++;
            return;
        }

        var result = send is null ? new(DeliveryStatus.Delivered) : await SendAsync(send, payload, cancellationToken).ConfigureAwait(false);
        if (result.Status != DeliveryStatus.Delivered)
        {
            report.Failed++;
            report.FailedRecords += payload.Records;
            say($"not sent: {payload.BatchId} ({payload.Signal.ToString().ToLowerInvariant()}, {payload.Records} records): {result.Message ?? result.Status.ToString()}");
            return;
        }

        report.Sent++;
        report.SentRecords += payload.Records - result.RejectedRecords;
        report.RejectedRecords += result.RejectedRecords;
        if (result.RejectedRecords > 0)
            say($"partly rejected: {payload.BatchId}: {result.RejectedRecords} of {payload.Records} records: {result.Message}");
        if (send is not null)
            state.Sent(payload.BatchId);
    }

    private async Task<DeliveryResult> SendAsync(Func<OtlpPayload, CancellationToken, ValueTask<DeliveryResult>> to, OtlpPayload payload, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            var result = await to(payload, cancellationToken).ConfigureAwait(false);
            if (result.Status == DeliveryStatus.Delivered)
                _tries = Tries;
            if (result.Status != DeliveryStatus.Retryable)
                return result;
            if (attempt >= _tries)
            {
                _tries = 1;
                return result;
            }

            var wait = result.RetryAfter is { } wish && wish > pause ? wish : pause;
            await Task.Delay(wait > LongestPause ? LongestPause : wait, time, cancellationToken).ConfigureAwait(false);
            pause *= 2;
        }
    }
}
