namespace Simulation.Time;

/// <summary>
/// Waits until nothing can run any more before time moves. With one thread in the pool that is exact: whoever runs on it when the pool's queue is empty
/// is alone. It also makes the order in which tasks run the same in each run.
/// </summary>
internal static class Settling
{
    public static async Task AllAsync()
    {
        do
        {
            // Goes behind everything that waits in the queue now.
            var behind = new TaskCompletionSource();
            ThreadPool.UnsafeQueueUserWorkItem(static behind => behind.SetResult(), behind, preferLocal: false);
            await behind.Task.ConfigureAwait(false);
        }
        while (ThreadPool.PendingWorkItemCount > 0);
    }
}
