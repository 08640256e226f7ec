using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using EndToEnd.Tests.Network;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// The place of one soak run: its settings, a certificate authority if it uses TLS, and a small disk that can be full, if it has one and this machine
/// allows mounts; and a name of the backend whose first address is dead. The random choices do not depend on what the machine allows.
/// </summary>
internal sealed class SoakPlace : IDisposable
{
    private const string Host = "soak.test";

    private readonly (int Http, int Grpc) _ports = (Port(), Port());
    private readonly Hosts? _hosts;
    private readonly SilentAddress? _dead;
    private readonly Certificates? _authority;
    private readonly Tmpfs? _disk;
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-extension-soak-").FullName;

    private SoakPlace(Random random, bool tls, Tmpfs? disk)
    {
        Strategy = Of(random, "end", "periodic", "continuous", "adaptive");
        Protocol = Of(random, "http/protobuf", "grpc");
        HasKills = random.Next(3) == 0;
        HasSmallMemory = random.Next(3) == 0;
        FindsBadRequests = random.Next(2) == 0;
        _disk = disk;
        // A certificate is for an address here, not for a name.
        if (random.Next(3) == 0 && !tls && System.Environment.IsPrivilegedProcess && Socket.OSSupportsIPv6 && System.IO.File.Exists("/proc/net/if_inet6"))
        {
            _hosts = new($"::1 {Host}", $"127.0.0.1 {Host}");
            _dead = new(IPAddress.IPv6Loopback, EndpointPort);
        }

        if (!tls)
            return;
        _authority = new();
        Good = _authority.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        using var others = new Certificates();
        Bad =
        [
            ("expired", _authority.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(-1))),
            ("of nobody we trust", others.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1))),
            ("for another host", _authority.Issue(IPAddress.Parse("192.0.2.1"), DateTimeOffset.UtcNow.AddDays(1))),
        ];
    }

    public string Strategy { get; }

    public string Protocol { get; }

    public bool IsGrpc => Protocol == "grpc";

    /// <summary>Whether the extension is killed in this run, so that some generations end without a ledger.</summary>
    public bool HasKills { get; }

    /// <summary>
    /// So small that files are needed as soon as the backend is away, with hardly any room for future dead letters. With more room no possible dead letter
    /// may be lost.
    /// </summary>
    public bool HasSmallMemory { get; }

    /// <summary>Whether the backend refuses requests as bad, which is final. Otherwise its answers lead to dead letters.</summary>
    public bool FindsBadRequests { get; }

    /// <summary>The certificate authority, or null without TLS.</summary>
    public X509Certificate2? Good { get; }

    public IReadOnlyList<(string Trouble, X509Certificate2 Certificate)> Bad { get; } = [];

    public bool HasDisk => _disk is not null;

    public IReadOnlyList<(string Name, string? Value)> Environment =>
    [
        (FaultRun.Strategy, Strategy), ("OTEL_EXPORTER_OTLP_PROTOCOL", Protocol), ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "1"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", _authority?.File), ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", $"{(HasSmallMemory ? 64 << 10 : 32 << 20)}"),
        ("TELEMETRY_EXTENSION_SPOOL_DIRECTORY", SpoolFolder), ("TELEMETRY_EXTENSION_DEAD_LETTER_MAX_BYTES", $"{256 << 20}"),
        .. _hosts is null ? (IEnumerable<(string Name, string? Value)>)[] : [("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{Host}:{EndpointPort}")],
    ];

    public OtlpBackendOptions Backend => new() { KeepBodies = false, Certificate = Good, HttpPort = _ports.Http, GrpcPort = _ports.Grpc };

    /// <summary>Payloads in files that no generation has taken over.</summary>
    public IReadOnlyList<string> LeftInFiles =>
        Directory.Exists(SpoolFolder) ? [.. Directory.GetFiles(SpoolFolder).Where(file => Path.GetFileName(file) != "lock")] : [];

    private int EndpointPort => IsGrpc ? _ports.Grpc : _ports.Http;

    private string SpoolFolder => Path.Combine(_disk?.Folder ?? _folder, "spool");

    private string Filler => Path.Combine(_disk!.Folder, "filler");

    public static async Task<SoakPlace> FindAsync(Random random)
    {
        var (tls, disk) = (random.Next(3) == 0, random.Next(2) == 0);
        return new(random, tls, disk ? await Tmpfs.TryMountAsync("size=8m") : null);
    }

    public SandboxOptions In(SandboxOptions options) => _hosts?.In(options) ?? options;

    /// <summary>Fills the disk completely, or frees all of it.</summary>
    public void FillDisk(bool full)
    {
        if (!full)
        {
            File.Delete(Filler);
            return;
        }

        var zeros = new byte[4096];
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                file.Write(zeros);
        }
        catch (IOException)
        {
            // The disk is full.
        }
    }

    public override string ToString() =>
        $"{Strategy}, {Protocol}{(Good is null ? "" : ", TLS")}{(HasKills ? ", kills" : "")}{(HasSmallMemory ? ", small memory" : "")}"
        + $"{(FindsBadRequests ? ", bad requests" : "")}{(HasDisk ? ", small disk" : "")}{(_dead is null ? "" : ", dead first address")}";

    public void Dispose()
    {
        foreach (var certificate in Bad.Select(bad => bad.Certificate).Append(Good))
            certificate?.Dispose();
        _authority?.Dispose();
        _dead?.Dispose();
        _hosts?.Dispose();
        _disk?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int Port() => int.Parse(FreePort.Find(), CultureInfo.InvariantCulture);

    private static string Of(Random random, params string[] values) => values[random.Next(values.Length)];
}
