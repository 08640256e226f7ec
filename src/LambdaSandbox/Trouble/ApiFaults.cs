using System.Globalization;
using LambdaSandbox.Http;

namespace LambdaSandbox.Trouble;

/// <summary>Lets APIs answer with errors.</summary>
internal sealed class ApiFaults
{
    private static readonly (string Call, string Path)[] Calls =
    [
        ("register", "/extension/register"), ("next", "/extension/event/next"), ("init-error", "/init/error"), ("exit-error", "/exit/error"),
        ("subscribe", "/telemetry"), ("subscribe", "/logs"), ("runtime-next", "/invocation/next"), ("response", "/response"), ("error", "/error"),
    ];

    private readonly FaultChance chance;
    private readonly List<(FaultSpec Fault, string Call, int Status)> faults;

    /// <exception cref="SandboxException">There is no such call or status.</exception>
    public ApiFaults(FaultChance chance)
    {
        this.chance = chance;
        faults =
        [
            .. chance.Of("api").Select(fault => (fault, Call(fault), Status(fault, fault.Detail.Length == 0 ? "500" : fault.Detail))),
            .. chance.Of("telemetry-refuse").Select(fault => (fault, "subscribe", Status(fault, fault.Value))),
        ];
    }

    /// <summary>The error for a call, or null for the normal answer.</summary>
    public ApiError? Answer(string method, string path)
    {
        var call = Calls.FirstOrDefault(each => path.EndsWith(each.Path, StringComparison.Ordinal)).Call;
        if (call is null || !faults.Exists(each => each.Call == call))
            return null;
        var number = chance.Number("api:" + call);
        if (faults.Find(each => each.Call == call && chance.Hits(each.Fault, call, number)) is not { Fault: not null } hit)
            return null;
        chance.Report($"{method} {path} was answered with {hit.Status}");
        return Error(hit.Status, path);
    }

    private static ApiError Error(int status, string path)
    {
        var api = path.EndsWith("/logs", StringComparison.Ordinal) ? "Logs" : "Telemetry";
        return status switch
        {
            202 => new ApiError(status, $"{api}.NotSupported", $"{api} API is not supported"),
            400 => new ApiError(status, api == "Logs" ? "Logs.ValidationError" : "ValidationError", "refused by a fault"),
            403 => new ApiError(status, "InvalidStateTransition", "refused by a fault"),
            _ => new ApiError(status, "InternalServerError", "Internal Server Error"),
        };
    }

    private static string Call(FaultSpec fault) => Calls.Any(each => each.Call == fault.Value)
        ? fault.Value
        : throw new SandboxException($"--fault api: {fault.Value} is none of {string.Join(", ", Calls.Select(each => each.Call).Distinct())}");

    private static int Status(FaultSpec fault, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 200 and <= 599
            ? status
            : throw new SandboxException($"--fault {fault.Kind}: {text} is not an HTTP status (200 to 599)");
}
