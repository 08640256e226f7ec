using System.Collections.Concurrent;
using TelemetryExtension.Configuration;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.Tests.Secrets;

/// <summary>A store in memory. It answers with a problem for a secret that it does not have.</summary>
internal sealed class FakeSecretReader : ISecretReader
{
    public static SecretSource Key { get; } = new(SecretService.SecretsManager, "eu-west-1", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key");

    public static SecretSource Host { get; } = new(SecretService.ParameterStore, "eu-west-1", "arn:aws:ssm:eu-west-1:123456789012:parameter/host");

    public ConcurrentDictionary<SecretSource, string> Texts { get; } = new();

    /// <summary>The secrets of each call, and whether they had to be fresh.</summary>
    public ConcurrentQueue<(SecretSource[] Sources, bool IsFresh)> Calls { get; } = new();

    /// <summary>Every call waits for it.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    public async Task<IReadOnlyList<SecretAnswer>> ReadAsync(IReadOnlyList<SecretSource> sources, bool isFresh, CancellationToken cancellationToken)
    {
        Calls.Enqueue(([.. sources], isFresh));
        await Answers.WaitAsync(cancellationToken);
        return [.. sources.Select(source => Texts.TryGetValue(source, out var text) ? new SecretAnswer(source, text) : new(source, null, "AccessDeniedException"))];
    }
}
