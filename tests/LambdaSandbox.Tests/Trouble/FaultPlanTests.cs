using System.Text.Json.Nodes;
using LambdaSandbox.Trouble;

namespace LambdaSandbox.Tests.Trouble;

public sealed class FaultPlanTests
{
    [Theory]
    [InlineData("nonsense", "nonsense is no fault")]
    [InlineData("telemetry-delay", "telemetry-delay=TIME expected")]
    [InlineData("telemetry-delay=soon", "soon is not a duration")]
    [InlineData("report-missing=1", "report-missing takes no value")]
    [InlineData("report-missing@often", "@often is none of")]
    [InlineData("report-missing@120%", "@120% is none of")]
    [InlineData("report-missing@4-2", "@4-2 is none of")]
    [InlineData("kill=extension:lunch", "lunch is none of start, registered")]
    [InlineData("api=everything", "everything is none of register")]
    [InlineData("api=next:99", "99 is not an HTTP status")]
    [InlineData("backend=sulks", "sulks is none of slow")]
    [InlineData("clock-jump=-later", "later is not a duration")]
    public void Parse_Wrong_NamesTheFault(string text, string reason)
    {
        var problem = Assert.Throws<SandboxException>(() => new FaultPlan([text], 1));
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public void Change_SameSeed_SameFaultsWhateverComesBetween()
    {
        var first = Duplicates(7, "function");
        Assert.Equal(first, Duplicates(7, "function", "extension", "platform.report"));
        Assert.NotEqual(first, Duplicates(8, "function"));
        Assert.InRange(first.Count(doubled => doubled), 40, 90);
    }

    [Fact]
    public async Task Change_OnlyInSomeInvocations_HappensThere()
    {
        var faults = new FaultPlan(["report-missing@2-3"], 1).Apply(new SandboxOptions()).Faults;
        List<int> counts = [];
        for (var invocation = 0; invocation < 5; invocation++)
        {
            counts.Add(faults.Telemetry!(Report()).Count());
            await faults.BeforeInvocation!(TestContext.Current.CancellationToken);
        }

        Assert.Equal([1, 1, 0, 0, 1], counts);
    }

    [Fact]
    public void Telemetry_EachKind_DoesWhatItSays()
    {
        var line = new TelemetryEvent(DateTimeOffset.UnixEpoch, "function", JsonValue.Create("hello"));
        var done = new TelemetryEvent(DateTimeOffset.UnixEpoch, "platform.runtimeDone", new JsonObject { ["requestId"] = "1" });
        Assert.Equal(["function", "function"], With("telemetry-duplicate").Telemetry!(line).Select(item => item.Type));
        var dropped = Assert.Single(With("telemetry-drop").Telemetry!(line));
        Assert.Equal(("platform.logsDropped", 1), (dropped.Type, dropped.Record!["droppedRecords"]!.GetValue<int>()));
        Assert.Empty(With("runtime-done-missing").Telemetry!(done));
        Assert.Equal(TimeSpan.FromSeconds(2), With("runtime-done-late=2s").TelemetryDelay!(done));
        Assert.Equal(TimeSpan.Zero, With("runtime-done-late=2s").TelemetryDelay!(line));
        Assert.InRange(With("telemetry-delay=1s").TelemetryDelay!(line), TimeSpan.FromTicks(1), TimeSpan.FromSeconds(1));
        Assert.InRange(With("telemetry-reorder").TelemetryDelay!(line), TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(100));
        var broken = System.Text.Encoding.UTF8.GetString(With("telemetry-corrupt").Broken!(line)!);
        Assert.StartsWith(broken, "[" + line.Text, StringComparison.Ordinal);
        Assert.Equal(["platform.notYetInvented", "somethingElse", "platform.runtimeDone"], With("unknown").Telemetry!(done).Select(item => item.Type));
        Assert.True(With("telemetry-split").SplitLargeRecords);
    }

    [Theory]
    [InlineData("api=next", "/2020-01-01/extension/event/next", 500, "InternalServerError")]
    [InlineData("api=runtime-next:403", "/2018-06-01/runtime/invocation/next", 403, "InvalidStateTransition")]
    [InlineData("api=response", "/2018-06-01/runtime/invocation/1/response", 500, "InternalServerError")]
    [InlineData("telemetry-refuse", "/2022-07-01/telemetry", 202, "Telemetry.NotSupported")]
    [InlineData("telemetry-refuse", "/2020-08-15/logs", 202, "Logs.NotSupported")]
    [InlineData("telemetry-refuse=400", "/2022-07-01/telemetry", 400, "ValidationError")]
    public void Api_ItsCallAlone_IsAnsweredByTheFault(string fault, string path, int status, string errorType)
    {
        var api = With(fault).Api!;
        Assert.Equal((status, errorType), (api("GET", path)!.Status, api("GET", path)!.ErrorType));
        Assert.Null(api("POST", "/2020-01-01/extension/register"));
    }

    [Fact]
    public void Script_RemarksAndBlanks_AreLeftOut()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "# a rehearsal\nreport-missing @2   # the second\n\n  kill=function:response@20%\n");
        Assert.Equal(["report-missing @2", "kill=function:response@20%"], FaultPlan.ReadScript(file));
        Assert.Equal([new FaultWhen(2, 2, 1), new FaultWhen(0, int.MaxValue, 0.2)], new FaultPlan([.. FaultPlan.ReadScript(file)], 1).All.Select(each => each.When));
        File.Delete(file);
    }

    private static SandboxFaults With(string fault) => new FaultPlan([fault], 1).Apply(new SandboxOptions()).Faults;

    private static TelemetryEvent Report() => new(DateTimeOffset.UnixEpoch, "platform.report", new JsonObject { ["requestId"] = "1" });

    /// <summary>The indexes of repeated lines among 200 log lines.</summary>
    private static List<bool> Duplicates(int seed, params string[] types)
    {
        var faults = new FaultPlan(["report-missing@50%", "telemetry-duplicate@30%"], seed).Apply(new SandboxOptions()).Faults;
        List<bool> doubled = [];
        for (var number = 0; number < 200; number++)
            foreach (var type in types)
            {
                var count = faults.Telemetry!(new TelemetryEvent(DateTimeOffset.UnixEpoch, type, JsonValue.Create("x"))).Count();
                if (type == "function")
                    doubled.Add(count == 2);
            }

        return doubled;
    }
}
