using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Redaction;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Processing.Redaction;

public sealed class RedactorTests
{
    private const string Jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    private const string SecretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    private static readonly string Pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc/+=\n-----END RSA PRIVATE KEY-----";
    private static readonly string SessionToken = "FwoGZXIvYXdzE" + new string('x', 120) + "==";

    /// <summary>A text with secrets, and the text that must remain.</summary>
    public static TheoryData<string, string> Secrets => new()
    {
        { "key AKIAIOSFODNN7EXAMPLE used", "key [redacted:aws] used" },
        { "?X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20260101", "?X-Amz-Credential=[redacted:aws]%2F20260101" },
        { "%3DAKIAIOSFODNN7EXAMPLE", "%3D[redacted:aws]" },
        { $"aws_secret_access_key = {SecretKey}\nnext", "aws_secret_access_key = [redacted:aws]\nnext" },
        { $"{{\"SecretAccessKey\": \"{SecretKey}\"}}", "{\"SecretAccessKey\": \"[redacted:aws]\"}" },
        { $"{{\\\"secretAccessKey\\\":\\\"{SecretKey}\\\"}}", "{\\\"secretAccessKey\\\":\\\"[redacted:aws]\\\"}" },
        { $"AWS_SECRET_ACCESS_KEY={SecretKey}", "AWS_SECRET_ACCESS_KEY=[redacted:aws]" },
        { $"AWS_SESSION_TOKEN={SessionToken} x", "AWS_SESSION_TOKEN=[redacted:aws] x" },
        { $"x-amz-security-token: {SessionToken}", "x-amz-security-token: [redacted:aws]" },
        { "Authorization: Bearer abc123.DEF-456~+/== ok", "Authorization: Bearer [redacted:bearer] ok" },
        { "headers=authorization=Bearer%20s3cr3t-t0ken,x=y", "headers=authorization=Bearer%20[redacted:bearer],x=y" },
        { $"BEARER {Jwt}", "BEARER [redacted:bearer]" },
        { $"token={Jwt}; path=/", "token=[redacted:jwt]; path=/" },
        { $"\\n{Jwt}\\n", "\\n[redacted:jwt]\\n" },
        { $"key:\n{Pem}\nend", "key:\n[redacted:private-key]\nend" },
        { "-----BEGIN PRIVATE KEY-----\\nMIIE", "[redacted:private-key]" },
        { "paid with 4111 1111 1111 1111, 2 items", "paid with [redacted:card], 2 items" },
        { "card=378282246310005", "card=[redacted:card]" },
        { "5555-5555-5555-4444 and 6011111111111117", "[redacted:card] and [redacted:card]" },
        { "4222222222222 (13) 3056930009020004 (16)", "[redacted:card] (13) 3056930009020004 (16)" },
        { "2 4111111111111111 7", "2 [redacted:card] 7" },
        { "3782 822463 10005", "[redacted:card]" },
        { "mail to Jane.Doe+x@mail.example.com.", "mail to [redacted:email]." },
        { "<a@b.co>", "<[redacted:email]>" },
        { "id cus_9f8e7d6c of Zoë", "id [redacted:pattern] of Zoë" },
        { "cus_1 acct=ü1 cus_2 acct=cus_3", "[redacted:pattern] [redacted:pattern] [redacted:pattern] [redacted:pattern]" },
        { "Zoë cus_1 cus_2 ü cus_3", "Zoë [redacted:pattern] [redacted:pattern] ü [redacted:pattern]" },
    };

    /// <summary>Texts that look like secrets but are not.</summary>
    public static TheoryData<string> Innocent => new()
    {
        "2025-08-11T12:00:00.101Z 3da1f2dc-3222-475e-9205-e2e6c6318895 INFO order 4711 of 59.90 EUR",
        "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "trace 5759e988bd862e3fe1be46a994272793 time 1754913600000000000 ms 1754913600250",
        "4111111111111112",
        "41111111111111111111111",
        "x4111111111111111 1.4111111111111111 4111111111111111e",
        "1234-4111-1111-1111-1111",
        "id 9b1deb4d-3b7d-4bad-9bdd-555555555555 4444 and 4111 1111-1111 1111",
        "bearer authentication is on, the bearer of bad news",
        "AKIATOOSHORT AKIAIOSFODNN7EXAMPLETOOLONG akiaiosfodnn7example",
        "secret_access_key=short access_key=" + SecretKey,
        "session token: none; a token=" + new string('x', 120),
        "eyJhbGci.eyJ.x and eyJhbGciOiJIUzI1NiJ9 alone",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
        "me@localhost @home a@b @ x@.y user@10.0.0.1",
    };

    [Theory]
    [MemberData(nameof(Secrets))]
    public void Write_ASecret_IsReplacedAndNothingElse(string text, string expected)
    {
        Assert.Equal(expected, Redact(text, out var count));
        Assert.Equal(expected.Split("[redacted:").Length - 1, count);
    }

    [Theory]
    [MemberData(nameof(Innocent))]
    public void Write_WhatIsNoSecret_StaysAsItIs(string text)
    {
        Assert.Equal(text, Redact(text, out var count));
        Assert.Equal(0, count);
    }

    [Fact]
    public void Write_KindsThatAreOff_StayAsTheyAre() =>
        Assert.Equal($"{Jwt} {Pem}", Redact($"{Jwt} {Pem}", out _, new() { ["TELEMETRY_EXTENSION_REDACT"] = "email" }));

    /// <summary>No secret remains at any place of any text, the text around it stays, and the count is right.</summary>
    [Fact]
    public void Write_AnyTextWithSecrets_LeavesNoSecretAndAllElse()
    {
        string[] secrets = ["AKIAIOSFODNN7EXAMPLE", Jwt, Pem, "4111111111111111", "jane@example.com", "cus_42"];
        var part = Gen.OneOf(Gen.Elements(secrets), Gen.Elements("order", "ü", "🚀", "4711", "a=b", "\n", "{\"x\":1}", "Bearer", "-----", "eyJ", "@", "key"));
        Prop.ForAll(Gen.ListOf(part).ToArbitrary(), parts =>
        {
            var text = string.Join(" , ", parts);
            var redacted = Redact(text, out var count);

            Assert.All(secrets, secret => Assert.DoesNotContain(secret, redacted, StringComparison.Ordinal));
            Assert.Equal(parts.Count(secrets.Contains), count);
            var kept = parts.Where(word => !secrets.Contains(word));
            Assert.Equal(kept, redacted.Split(" , ").Where(word => word.Length > 0 && !word.StartsWith("[redacted:", StringComparison.Ordinal)));
            // A second run finds nothing.
            Assert.Equal(redacted, Redact(redacted, out _));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Write_AnyText_NeverThrowsAndStaysValid() => Prop.ForAll<string>(text =>
    {
        var valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));
        var redacted = Redact(valid, out var count);
        Assert.True(count > 0 || redacted == valid);
        Assert.DoesNotContain('\uFFFD', redacted.Except(valid));
    }).QuickCheckThrowOnFailure();

    /// <summary>A function may print anything, so text that is almost a secret must not take long.</summary>
    [Theory]
    [InlineData("eyJ")]
    [InlineData("token")]
    [InlineData("secret_access_key=")]
    [InlineData("session_token=")]
    [InlineData("Bearer ")]
    [InlineData("AKIA")]
    [InlineData("4111 ")]
    [InlineData("-----BEGIN ")]
    [InlineData("a@")]
    [InlineData("@")]
    [InlineData("eyJhbGciOiJI.")]
    [InlineData("AKIAIOSFODNN7EXAMPLE ")]
    [InlineData("cus_1x")]
    public void Write_AMegabyteOfNearlySecrets_TakesTimeInProportion(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length));
        var clock = Stopwatch.StartNew();
        Redact(text, out _);

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    private static string Redact(string text, out int count, Env? settings = null)
    {
        var redactor = new Redactor(RedactionOptions.From((settings ?? new()
        {
            ["TELEMETRY_EXTENSION_REDACT"] = "default,email",
            ["TELEMETRY_EXTENSION_REDACT_PATTERNS"] = @"cus_[0-9a-f]+ \bacct=\w+",
        }).Read()));
        using var writer = new OtlpWriter();
        count = redactor.Write(writer, 1, Encoding.UTF8.GetBytes(text));
        new ProtobufReader(writer.Written).TryFind(1, out var written);
        return Encoding.UTF8.GetString(written);
    }
}
