using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Outbox;

/// <summary>The source of file jobs.</summary>
internal interface IFileJobs
{
    /// <summary>Returns null when there is no job.</summary>
    FileJob? NextFileJob();

    void FileJobDone(FileJob job);
}

/// <summary>
/// Runs the outbox's file jobs one after the other, in the background and outside every lock. A disk that hangs blocks only this worker. Reads run
/// separately, a few at a time.
/// </summary>
/// <param name="start">Runs work in the background.</param>
internal sealed class FileWorker(Spool spool, IFileJobs jobs, Action<Action> start) : IDisposable
{
    /// <summary>The most threads that may wait for a disk that does not answer.</summary>
    private const int MaxReads = 4;

    private const int Idle = 0;
    private const int Running = 1;
    private const int Requested = 2;

    private readonly SemaphoreSlim _reads = new(MaxReads);
    private int _state;

    /// <summary>Signals that there may be a job. Call it outside the lock under which jobs are created.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Requested) != Idle)
            return;
        try
        {
            start(Run);
        }
        catch (OutOfMemoryException)
        {
            // The next call of Wake tries again.
            Volatile.Write(ref _state, Idle);
        }
    }

    /// <summary>Reads the body of a file. Returns null when the file is gone or damaged.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled. The read may still be in progress.</exception>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(SpoolFile file, CancellationToken cancellationToken)
    {
        await _reads.WaitAsync(cancellationToken);
        var body = new TaskCompletionSource<ReadOnlyMemory<byte>?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            start(() => Read(file, body));
        }
        catch
        {
            _reads.Release();
            throw;
        }

        return await body.Task.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _reads.Dispose();
        spool.Dispose();
    }

    private void Read(SpoolFile file, TaskCompletionSource<ReadOnlyMemory<byte>?> body)
    {
        try
        {
            body.SetResult(spool.Read(file));
        }
        catch (Exception exception)
        {
            body.SetException(exception);
        }
        finally
        {
            _reads.Release();
        }
    }

    private void Run()
    {
        do
        {
            Volatile.Write(ref _state, Running);
            while (NextOrNull() is { } job)
            {
                RunOne(job);
                Finish(job);
            }
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
    }

    /// <summary>Catches every exception, so that the worker goes on to the next job.</summary>
    private void RunOne(FileJob job)
    {
        try
        {
            job.Run(spool);
        }
        catch (Exception exception)
        {
            Log.WarnOnce("file job", $"work on a file failed: {Reason.OfBug(exception)}");
        }
    }

    private void Finish(FileJob job)
    {
        try
        {
            jobs.FileJobDone(job);
        }
        catch (Exception exception)
        {
            Log.WarnOnce("file job", $"completing work on a file failed: {Reason.OfBug(exception)}");
        }
    }

    private FileJob? NextOrNull()
    {
        try
        {
            return jobs.NextFileJob();
        }
        catch (OutOfMemoryException)
        {
            Log.WarnOnce("memory", "too little memory to enforce the buffer's limit; the extension retries");
            return null;
        }
    }
}
