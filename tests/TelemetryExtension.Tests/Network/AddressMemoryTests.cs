using System.Net;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Network;

public sealed class AddressMemoryTests
{
    private static readonly IPAddress[] Resolved = Parse("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2");

    [Fact]
    public void Order_NothingKnown_FamiliesTakeTurns() =>
        Assert.Equal(Parse("2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"), new AddressMemory().Order(Resolved));

    [Fact]
    public void Order_OneWorked_IsFirst()
    {
        var memory = new AddressMemory();
        memory.Worked(IPAddress.Parse("192.0.2.2"));
        Assert.Equal(Parse("192.0.2.2", "2001:db8::1", "192.0.2.1", "2001:db8::2"), memory.Order(Resolved));
    }

    [Fact]
    public void Order_SomeFailed_AreLastAndTheOldestFailureComesFirst()
    {
        var memory = new AddressMemory();
        memory.Failed(IPAddress.Parse("2001:db8::2"));
        memory.Failed(IPAddress.Parse("2001:db8::1"));
        Assert.Equal(Parse("192.0.2.1", "192.0.2.2", "2001:db8::2", "2001:db8::1"), memory.Order(Resolved));
    }

    [Fact]
    public void WorkingFailed_AnotherAddress_IsNext()
    {
        var memory = new AddressMemory();
        memory.Worked(Resolved[0]);
        memory.WorkingFailed();
        Assert.NotEqual(Resolved[0], memory.Order(Resolved)[0]);
        Assert.Equal(Resolved[0], memory.Order(Resolved)[^1]);
    }

    [Fact]
    public void Order_WhatWorkedIsNoLongerResolved_IsForgotten()
    {
        var memory = new AddressMemory();
        memory.Worked(Resolved[0]);
        memory.Failed(Resolved[1]);
        Assert.Equal(Resolved[2..], memory.Order(Resolved[2..]));
        Assert.Equal(new AddressMemory().Order(Resolved), memory.Order(Resolved));
    }

    /// <summary>After any history each address is listed exactly once, and failed addresses come after others, except the working one.</summary>
    [Fact]
    public void Order_AnyHistory_IsAPermutation()
    {
        var step = Gen.Choose(0, 2).SelectMany(static what => Gen.Choose(0, 3), static (what, which) => (what, which));
        Prop.ForAll(Arb.From(step.ListOf()), steps =>
        {
            var memory = new AddressMemory();
            foreach (var (what, which) in steps)
            {
                if (what == 0)
                    memory.Worked(Resolved[which]);
                else if (what == 1)
                    memory.Failed(Resolved[which]);
                else
                    memory.WorkingFailed();
            }

            var order = memory.Order([.. Resolved, Resolved[0]]);
            return order.Length == Resolved.Length && order.ToHashSet().SetEquals(Resolved);
        }).QuickCheckThrowOnFailure();
    }

    private static IPAddress[] Parse(params string[] addresses) => Array.ConvertAll(addresses, IPAddress.Parse);
}
