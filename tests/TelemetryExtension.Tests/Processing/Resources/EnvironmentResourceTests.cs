using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Resources;

namespace TelemetryExtension.Tests.Processing.Resources;

public class EnvironmentResourceTests
{
    private readonly InvocationTracker _tracker = new("orders");

    [Fact]
    public void Update_AfterARestore_GivesTheCopyAnIdentityOfItsOwn()
    {
        var resource = new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1"));
        _tracker.Apply(new PlatformEvent.InitStart(1, "snap-start", "init", "snapshot", 256 << 20));
        resource.Update(_tracker);
        var (before, version) = (Identity(resource), resource.Version);
        resource.Update(_tracker);
        Assert.Equal((before, version), (Identity(resource), resource.Version));

        _tracker.Apply(new PlatformEvent.RestoreStart(2, "copy", null));
        resource.Update(_tracker);

        Assert.NotEqual(before.Service, Identity(resource).Service);
        Assert.Equal(("snapshot", "copy"), (before.Faas, Identity(resource).Faas));
        Assert.NotEqual(version, resource.Version);
    }

    [Fact]
    public void Update_OfTwoEnvironments_GivesTwoIdentities()
    {
        var resources = Enumerable.Range(0, 2).Select(_ => new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1"))).ToArray();
        foreach (var resource in resources)
            resource.Update(_tracker);

        Assert.NotEqual(Identity(resources[0]).Service, Identity(resources[1]).Service);
    }

    [Fact]
    public void Update_FirstInvoke_TakesThePartitionFromItsArnOnce()
    {
        var resource = new EnvironmentResource(new(Region: "zz-new-1"), new LambdaFacts("1", "orders", "$LATEST"));
        resource.Update(_tracker);
        _tracker.OnInvoke("r1", "arn:aws-new:lambda:zz-new-1:1:function:orders:blue", null, 1);
        resource.Update(_tracker);
        var version = resource.Version;
        _tracker.OnInvoke("r2", "arn:aws-new:lambda:zz-new-1:1:function:orders:green", null, 2);
        resource.Update(_tracker);

        Assert.Equal(version, resource.Version);
        Assert.Contains(new("cloud.resource_id", "arn:aws-new:lambda:zz-new-1:1:function:orders"), resource.Attributes);
    }

    private static (object? Service, object? Faas) Identity(EnvironmentResource resource)
    {
        var attributes = resource.Attributes.ToDictionary(pair => pair.Key, pair => pair.Value);
        return (attributes["service.instance.id"], attributes.GetValueOrDefault("faas.instance"));
    }
}
