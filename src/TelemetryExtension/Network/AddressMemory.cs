using System.Net;

namespace TelemetryExtension.Network;

/// <summary>
/// Remembers how the addresses of one host behaved, so that the next connection starts with the one that worked. It keeps only addresses of the
/// latest DNS answer. Thread-safe.
/// </summary>
internal sealed class AddressMemory
{
    private readonly Lock _gate = new();
    private readonly List<IPAddress> _failed = [];
    private IPAddress? _working;

    /// <summary>
    /// The address that worked last, then those that never failed, alternating families (RFC 8305, 4), then those that failed, longest ago first.
    /// </summary>
    public IPAddress[] Order(IReadOnlyList<IPAddress> resolved)
    {
        lock (_gate)
        {
            _failed.RemoveAll(address => !resolved.Contains(address));
            if (_working is not null && !resolved.Contains(_working))
                _working = null;
            var untried = resolved.Distinct().Where(address => !address.Equals(_working) && !_failed.Contains(address)).ToList();
            return [.. _working is null ? [] : new[] { _working }, .. Interleaved(untried), .. _failed];
        }
    }

    public void Worked(IPAddress address)
    {
        lock (_gate)
        {
            _working = address;
            _failed.Remove(address);
        }
    }

    public void Failed(IPAddress address)
    {
        lock (_gate)
        {
            if (address.Equals(_working))
                _working = null;
            _failed.Remove(address);
            _failed.Add(address);
        }
    }

    /// <summary>The address that worked last accepted a connection but sent no response. It now ranks with those that do not answer at all.</summary>
    public void WorkingFailed()
    {
        lock (_gate)
        {
            if (_working is { } address)
                Failed(address);
        }
    }

    private static IEnumerable<IPAddress> Interleaved(List<IPAddress> addresses)
    {
        if (addresses.Count == 0)
            return [];
        var preferred = addresses[0].AddressFamily;
        var first = addresses.FindAll(address => address.AddressFamily == preferred);
        var second = addresses.FindAll(address => address.AddressFamily != preferred);
        return Enumerable.Range(0, Math.Max(first.Count, second.Count)).SelectMany(i => (IPAddress?[])[first.ElementAtOrDefault(i), second.ElementAtOrDefault(i)]).OfType<IPAddress>();
    }
}
