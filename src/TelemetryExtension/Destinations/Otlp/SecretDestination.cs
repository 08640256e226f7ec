using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>
/// A destination whose settings contain secrets. It is built when they are known, and again when they have changed. Until then it accepts no payload, so the
/// data waits in the outbox. When the backend refuses a key, the key is read again: if it has changed, the same payload is sent once more.
/// </summary>
/// <param name="create">Builds the destinations of endpoints that are known.</param>
internal sealed class SecretDestination(
    string name, DeferredEndpoints deferred, SecretStore secrets, Func<OtlpEndpoint?[], List<IDestination>> create, TimeProvider time) : IDestination, IDisposable
{
    /// <summary>
    /// The time after the first refusal in which an unchanged key may still become valid, because a rotation changes backend and store one after the other.
    /// After it, a refusal is final as for any destination.
    /// </summary>
    private static readonly TimeSpan Rotation = TimeSpan.FromMinutes(2);

    private readonly IReadOnlyList<SecretSource> _sources = [.. deferred.References.Select(static reference => reference.Source).Distinct()];
    private readonly Lock _gate = new();
    private Built? _built;
    private DateTimeOffset? _refusedSince;

    public string Name { get; } = name;

    public bool IsCold
    {
        get
        {
            lock (_gate)
                return _built is null || _built.Destinations.Exists(static destination => destination.IsCold);
        }
    }

    public bool Accepts(Signal signal) => deferred.Signals.Contains(signal);

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var values = await secrets.GetAsync(_sources, cancellationToken);
        for (var isSecondTry = false; ; isSecondTry = true)
        {
            // The secret store has logged the cause, so this destination does not repeat it.
            if (values is null)
                return new(DeliveryStatus.Retryable);
            if (Build(values) is not { } built || built.Destinations.Find(each => each.Accepts(payload.Signal)) is not { } destination)
                return new(DeliveryStatus.Retryable, 0, "its settings with the secrets in place cannot be used");
            var result = HiddenValues.Hide(await destination.DeliverAsync(payload, cancellationToken), built.Hidden);
            if (!result.IsAboutKey)
            {
                NoteAccepted(result);
                return result;
            }

            if (isSecondTry || await secrets.RefreshAsync(_sources, values, cancellationToken) is not { } other)
                return Refused(result);
            values = other;
        }
    }

    public void Dispose()
    {
        lock (_gate)
            _built?.Dispose();
    }

    /// <summary>Null when a secret lacks what a reference names.</summary>
    private Built? Build(SecretValues values)
    {
        lock (_gate)
        {
            if (_built is not null && _built.Values.IsSameAs(values))
                return _built;
            if (deferred.References.FirstOrDefault(reference => values.Of(reference) is null) is { } missing)
            {
                Log.WarnOnce($"secret {missing}", $"{Name}: the secret has no member for {missing}; telemetry that needs it waits");
                return null;
            }

            var problems = new SettingProblems();
            var endpoints = deferred.Read(values.Of, problems);
            foreach (var problem in problems.Messages)
                Log.Warn(problem);
            // Current requests keep their connections until they end.
            _built?.Dispose();
            _built = new(values, create(endpoints), Hidden(values, endpoints));
            return _built;
        }
    }

    private string[] Hidden(SecretValues values, OtlpEndpoint?[] endpoints) =>
    [
        .. deferred.References.Select(values.Of).OfType<string>().Select(static value => value.Trim()),
        .. deferred.EndpointIsSecret ? endpoints.OfType<OtlpEndpoint>().Select(static endpoint => endpoint.Url.Host) : [],
    ];

    private void NoteAccepted(DeliveryResult result)
    {
        if (result.Status != DeliveryStatus.Delivered)
            return;
        lock (_gate)
            _refusedSince = null;
    }

    private DeliveryResult Refused(DeliveryResult result)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            _refusedSince ??= now;
            return (now - _refusedSince.Value).Duration() < Rotation ? result with { Status = DeliveryStatus.Retryable } : result;
        }
    }

    private sealed record Built(SecretValues Values, List<IDestination> Destinations, string[] Hidden) : IDisposable
    {
        public void Dispose() => Destinations.ForEach(static destination => (destination as IDisposable)?.Dispose());
    }
}
