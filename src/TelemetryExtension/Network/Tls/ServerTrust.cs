using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Network.Tls;

/// <summary>
/// Decides whether to trust a server, like .NET with the whole bundle as its roots. But it parses only those roots that the server's chain leads to.
/// Unlike .NET it never downloads missing intermediates: like curl and Go it refuses a server that does not send them.
/// </summary>
internal sealed class ServerTrust(CaBundle bundle)
{
    private const int MaxKept = 16;

    private static readonly ConcurrentDictionary<PemSource, ServerTrust> Kept = new();

    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>One for all connections with the same bundle, so that they read it only once.</summary>
    public static ServerTrust Of(PemSource bundle)
    {
        // A bundle that is a secret is a new one after each rotation.
        if (Kept.Count > MaxKept)
            Kept.Clear();
        return Kept.GetOrAdd(bundle, static source => new(new CaBundle(source)));
    }

    /// <summary>TLS options for a handler.</summary>
    public SslClientAuthenticationOptions Options(SslStreamCertificateContext? clientCertificate)
    {
        return new()
        {
            // SslStream builds a chain before it calls us. This policy makes that cheap: it trusts and looks up nothing.
            CertificateChainPolicy = Policy([], []),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = Validate,
            ClientCertificateContext = clientCertificate,
        };
    }

    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
            Log.WarnOnce($"tls name {certificate?.GetCertHashString()}", $"the server's certificate ({certificate?.Subject}) is of another host");
        // Chain errors are expected here and decided below. A wrong name or a missing certificate is final.
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0 || certificate is not X509Certificate2 leaf)
            return false;
        var sent = chain?.ChainPolicy.ExtraStore ?? [];
        var found = bundle.Find(NamesIn([leaf, .. sent]));
        using var trusted = new X509Chain { ChainPolicy = Policy(found.Where(IsRoot), [.. found.Where(static each => !IsRoot(each)), .. sent]) };
        var isTrusted = trusted.Build(leaf);
        if (!isTrusted)
        {
            var reasons = string.Join(", ", trusted.ChainStatus.Select(static status => status.Status).Distinct());
            Log.WarnOnce($"tls {leaf.Thumbprint} {reasons}", $"the server's certificate ({leaf.Subject}) is not trusted: {reasons}");
        }

        foreach (var element in trusted.ChainElements)
            element.Certificate.Dispose();
        return isTrusted;
    }

    private static HashSet<string> NamesIn(IEnumerable<X509Certificate2> certificates)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var certificate in certificates)
            if (CertificateNames.TryRead(certificate.RawDataMemory.Span) is var (issuer, subject))
            {
                names.Add(issuer);
                names.Add(subject);
            }

        return names;
    }

    private static bool IsRoot(X509Certificate2 certificate) => CertificateNames.TryRead(certificate.RawDataMemory.Span)!.Value.IsSelfIssued;

    private static X509ChainPolicy Policy(IEnumerable<X509Certificate2> roots, X509Certificate2[] others)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(ServerAuthentication);
        policy.CustomTrustStore.AddRange(roots.ToArray());
        policy.ExtraStore.AddRange(others);
        return policy;
    }
}
