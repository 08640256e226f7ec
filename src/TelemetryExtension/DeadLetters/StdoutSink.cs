namespace TelemetryExtension.DeadLetters;

/// <summary>Standard output, line by line: other lines of ours may come in between, the parts know their place.</summary>
internal sealed class StdoutSink(TextWriter output) : IDeadLetterSink
{
    public async ValueTask<SinkResult> WriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        // A write into a pipe that is full cannot be called off, only left behind.
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
            // Nobody reads our output any more, and there is nobody left to tell.
            return SinkResult.Unusable;
        }
    }
}
