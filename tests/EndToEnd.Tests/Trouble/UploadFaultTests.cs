using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>A request that ends or stops in the middle of its body; for half a minute in <see cref="FreezeFaultTests"/>.</summary>
public sealed class UploadFaultTests
{
    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_backend_that_resets_during_a_request_receives_it_in_the_end(string protocol)
    {
        await using var upload = await LargeUpload.StartAsync(protocol);
        var results = await upload.LearnAsync();
        var met = 0;
        upload.Lambda.Backend.Receive = request =>
            LargeUpload.IsLarge(request) && Interlocked.Increment(ref met) <= 2 ? Reading.ResetAfter(LargeUpload.Taken) : Reading.Normal;
        results.Add(await upload.InvokeAsync());
        results = [.. await upload.Lambda.OrdersUntilAsync(
            results, () => upload.Lambda.Backend.LogRecords.Any(received => LargeUpload.IsLarge(received.LogRecord)) ? null : "the large record",
            heldAtMost: TimeSpan.FromSeconds(3))];
        await upload.CheckAsync(results, broken: 2, mayRepeat: protocol == "grpc");
    }

    [Theory]
    [InlineData("http/protobuf", true)]
    [InlineData("http/protobuf", false)]
    [InlineData("grpc", true)]
    [InlineData("grpc", false)]
    public Task A_freeze_while_the_backend_does_not_read_on_loses_nothing(string protocol, bool connectionDies) =>
        LargeUpload.FreezeAsync(protocol, Reading.Never, TimeSpan.FromSeconds(3), connectionDies);
}
