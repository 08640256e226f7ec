using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Rooms;

/// <summary>Proves that the finders behind <see cref="RoomsTests"/> work.</summary>
public class CirclesTests
{
    [Theory]
    [InlineData("A B, B C", 0)]
    [InlineData("A B, B A", 2)]
    [InlineData("A B, B C, C A, A D", 3)]
    public void In_Edges_FindsThoseOfACircle(string edges, int expected) =>
        Assert.Equal(expected, Circles.In(edges.Split(", ").Select(static edge => new Reference(edge[..1], edge[..1], edge[2..], edge[2..]))).Count());

    /// <summary>A field, a call inside an async lambda, a type argument, an interface.</summary>
    [Theory]
    [InlineData("Flusher", "Deliverer")]
    [InlineData("Flusher", "DeliveryMode")]
    [InlineData("OtlpDestinations", "OutboundHandler")]
    [InlineData("DeadLetterWriter", "IDeadLetters")]
    public void Of_ThisAssembly_SeesTheReference(string from, string to) =>
        Assert.Contains(TypeReferences.Of(typeof(ExtensionOptions).Assembly), reference => reference.From == from && reference.To == to);
}
