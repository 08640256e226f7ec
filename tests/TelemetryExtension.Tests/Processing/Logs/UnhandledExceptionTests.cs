using OpenTelemetry.Proto.Logs.V1;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>What the runtimes print about exceptions that the function did not handle are events (conventions, exceptions in FaaS).</summary>
public class UnhandledExceptionTests
{
    private const string Time = "2025-08-11T12:00:00.101Z";

    [Theory]
    [InlineData($"{Time}\t{LogEncoding.Id}\tERROR\tInvoke Error \t{{\"errorType\":\"TypeError\",\"errorMessage\":\"no \\\"items\\\"\",\"stack\":[\"TypeError: no items\",\"    at a (b.js:1:2)\"]}}", "no \"items\"")]
    [InlineData($"{Time}\t{LogEncoding.Id}\tERROR\tUnhandled Promise Rejection \t{{\"errorType\":\"Runtime.UnhandledPromiseRejection\",\"errorMessage\":\"Error: x\",\"stack\":[]}}", "Error: x")]
    [InlineData("[ERROR] ValueError: no items\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    raise ValueError('no items')", "no items")]
    [InlineData("[ERROR] KeyError: 'order'", "'order'")]
    [InlineData("[ERROR] OrderRejected: no items\rTraceback (most recent call last):\r\u00a0\u00a0File \"/var/task/app.py\", line 3, in handler\r", "no items")]
    [InlineData("[ERROR] Runtime.ImportModuleError: no module\rTraceback (most recent call last):", "no module")]
    public void Text_OfARuntime_IsTheEventAndNamesTheFailure(string line, string message)
    {
        var encoding = new LogEncoding { Open = LogEncoding.First };

        var record = Assert.Single(encoding.Encode(LogEncoding.Json(line)));

        Check(record);
        Assert.Equal([(LogEncoding.Id, message)], encoding.Failures);
    }

    [Theory]
    [InlineData($$"""{"timestamp":"{{Time}}","level":"ERROR","requestId":"{{LogEncoding.Id}}","message":"Invoke Error TypeError: no items\n    at a (b.js:1:2)","errorType":"TypeError","errorMessage":"no items","stackTrace":["TypeError: no items"]}""")]
    [InlineData($$"""{"timestamp":"{{Time}}","log_level":"ERROR","errorMessage":"no items","errorType":"ValueError","requestId":"{{LogEncoding.Id}}","stackTrace":["  File \"/var/task/app.py\", line 3, in handler\n"]}""")]
    [InlineData($$"""{"errorMessage":"no items","errorType":"ValueError","requestId":"{{LogEncoding.Id}}","stackTrace":[]}""")]
    public void Json_OfARuntime_IsTheEventAndNamesTheFailure(string record)
    {
        var encoding = new LogEncoding();

        Check(Assert.Single(encoding.Encode(record)));
        Assert.Equal([(LogEncoding.Id, "no items")], encoding.Failures);
    }

    [Theory]
    [InlineData($$"""{"level":"ERROR","requestId":"{{LogEncoding.Id}}","message":"could not charge","errorType":"TypeError","errorMessage":"no items","stackTrace":[]}""")]
    [InlineData("""{"level":"error","msg":"Invoke me","err":{"type":"TypeError","message":"no items","stack":"TypeError: no items"}}""")]
    [InlineData("""{"level":"WARN","errorType":"TypeError","errorMessage":"no items"}""")]
    [InlineData("""{"level":"error","error":{"name":"TypeError","message":"no items"}}""")]
    [InlineData("\"2025-08-11T12:00:00.101Z\\t3da1f2dc-3222-475e-9205-e2e6c6318895\\tERROR\\tretrying \\t{\\\"errorType\\\":\\\"TypeError\\\",\\\"errorMessage\\\":\\\"no items\\\"}\"")]
    [InlineData("\"[ERROR] something is wrong\"")]
    [InlineData("\"[ERROR] failed: 7\\nTraceback (most recent call last):\\n  File \\\"a.py\\\", line 3\\nValueError: x\"")]
    [InlineData("\"[ERROR] failed: 7\\rTraceback (most recent call last):\\r  File \\\"a.py\\\", line 3\\rOrderRejected: x\"")]
    [InlineData("\"TypeError: no items\\n    at a (b.js:1:2)\"")]
    public void Exception_ThatTheFunctionLogged_IsNoSuchEvent(string record)
    {
        var encoding = new LogEncoding { Open = LogEncoding.First };

        Assert.Equal("", Assert.Single(encoding.Encode(record)).EventName);
        Assert.Empty(encoding.Failures);
    }

    [Fact]
    public void Exit_OfTheRuntime_NamesTheFailureAndIsNoException()
    {
        var encoding = new LogEncoding();

        var record = Assert.Single(encoding.Encode(LogEncoding.Json($"RequestId: {LogEncoding.Id} Error: Runtime exited with error: signal: killed\nRuntime.ExitError")));

        Assert.Equal("", record.EventName);
        Assert.Equal([(LogEncoding.Id, "Runtime exited with error: signal: killed")], encoding.Failures);
    }

    private static void Check(LogRecord record) =>
        Assert.Equal(("faas.invocation.exception", SeverityNumber.Error), (record.EventName, record.SeverityNumber));
}
