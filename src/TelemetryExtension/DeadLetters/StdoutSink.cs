namespace TelemetryExtension.DeadLetters;

/// <summary>Writes to standard output line by line. Other lines of this process may come in between, because each part carries its number.</summary>
internal sealed class StdoutSink(TextWriter output) : IDeadLetterSink
{
    public async ValueTask<SinkResult> WriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        // A write to a full pipe cannot be cancelled, only abandoned.
        var write = Task.Run(() => Write(letters), CancellationToken.None);
        await ((Task)write).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return write.IsCompletedSuccessfully ? await write.ConfigureAwait(false) : SinkResult.Unusable;
    }

    private SinkResult Write(IReadOnlyList<DeadLetter> letters)
    {
        try
        {
            foreach (var line in letters.SelectMany(letter => letter.Lines))
                output.WriteLine(line);
            output.Flush();
            return SinkResult.Written;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Stdout has no reader any more, so nobody would see a message.
            return SinkResult.Unusable;
        }
    }
}
