using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EndToEnd.Tests.Aws;

/// <summary>AWS's own signer for Python signs the same requests again, with the same time. Its signatures must be ours.</summary>
internal static class Botocore
{
    private const string Program =
        """
        import base64, datetime, json, sys
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        for line in sys.stdin:
            taken = json.loads(line)
            parts = dict(part.strip().split("=", 1) for part in taken["headers"]["authorization"][len("AWS4-HMAC-SHA256 "):].split(","))
            key, date, region, service, _ = parts["Credential"].split("/")
            headers = {name: taken["headers"][name] for name in parts["SignedHeaders"].split(";") if name not in ("x-amz-date", "x-amz-security-token")}
            request = AWSRequest(taken["method"], taken["url"], headers=headers, data=base64.b64decode(taken["body"]))
            signer = SigV4Auth(Credentials(key, sys.argv[1], taken["headers"].get("x-amz-security-token")), service, region)
            request.context["timestamp"] = taken["headers"]["x-amz-date"]
            signer._modify_request_before_signing(request)
            signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
            print(signature == parts["Signature"])
        """;

    /// <summary>Skips the test where botocore is missing.</summary>
    public static async Task CheckAsync(IEnumerable<JsonObject> requests, string secretKey)
    {
        var start = new ProcessStartInfo("python3", ["-c", Program, secretKey]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        foreach (var request in requests)
            await process.StandardInput.WriteLineAsync(request.ToJsonString());
        process.StandardInput.Close();
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(error.Contains("No module named 'botocore'", StringComparison.Ordinal), "botocore is missing");
        Assert.True(error.Length == 0, error);
        Assert.Equal(requests.Select(_ => "True"), said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
