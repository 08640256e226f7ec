namespace TelemetryExtension.DeadLetters;

/// <summary>Standard output, line by line: other lines of ours may come in between, the parts know their place.</summary>
internal sealed class StdoutSink(TextWriter output) : IDeadLetterSink
{
    public ValueTask<SinkResult> WriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var line in letters.SelectMany(letter => letter.Lines))
                output.WriteLine(line);
            output.Flush();
            return new(SinkResult.Written);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Nobody reads our output any more, and there is nobody left to tell.
            return new(SinkResult.Unusable);
        }
    }
}
