using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Outbox;

/// <summary>Where file jobs come from.</summary>
internal interface IFileJobs
{
    /// <summary>Null when there is nothing to do.</summary>
    FileJob? NextFileJob();

    void FileJobDone(FileJob job);
}

/// <summary>
/// Does the outbox's file work, one job after the other, in the background and outside every lock: a disk that hangs holds up this worker and
/// nothing else. Reads are apart, a few at a time.
/// </summary>
/// <param name="start">Runs work in the background.</param>
internal sealed class FileWorker(Spool spool, IFileJobs jobs, Action<Action> start) : IDisposable
{
    /// <summary>So many threads wait for a disk that does not answer.</summary>
    private const int MaxReads = 4;

    private const int Idle = 0;
    private const int Running = 1;
    private const int Asked = 2;

    private readonly SemaphoreSlim _reads = new(MaxReads);
    private int _state;

    /// <summary>There may be a job. To be called outside the lock under which jobs are decided on.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Asked) != Idle)
            return;
        try
        {
            start(Run);
        }
        catch (OutOfMemoryException)
        {
            // The next one to wake it tries again.
            Volatile.Write(ref _state, Idle);
        }
    }

    /// <summary>The body in a file; null when the file is gone or damaged.</summary>
    /// <exception cref="OperationCanceledException">The disk may still be at it.</exception>
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

    /// <summary>Whatever happens to one job, there is a worker for the next.</summary>
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
            Log.WarnOnce("file job", $"the end of work on a file failed: {Reason.OfBug(exception)}");
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
            Log.WarnOnce("memory", "too little memory to keep the buffer's limit, will be tried again");
            return null;
        }
    }
}
