using System.Buffers.Binary;
using System.Numerics;

namespace TelemetryExtension.Otlp;

/// <summary>
/// Finds attribute lists that may hold a key twice, by 64-bit hashes of the keys. Lists nest, so the hashes form a stack: a nested list starts at
/// <see cref="Open"/> and is discarded by <see cref="Close"/>. It may raise a false alarm (equal hashes, or a list too long for the stack), but it
/// never misses a repeated key. Not thread-safe.
/// </summary>
internal sealed class AttributeKeys
{
    /// <summary>The most keys of open lists together. Enough for the lists of real senders: SDKs stop at 128 attributes.</summary>
    public const int StackSize = 512;

    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private ulong[] _stack = new ulong[32];
    private int _start;
    private int _count;

    /// <summary>Closes all lists, and starts one.</summary>
    public void Restart() => _start = _count = 0;

    /// <summary>Starts a list; <see cref="Close"/> takes the mark.</summary>
    public int Open()
    {
        var mark = _start;
        _start = _count;
        return mark;
    }

    public void Close(int mark)
    {
        _count = _start;
        _start = mark;
    }

    /// <summary>False when the open list may hold the key already.</summary>
    public bool TryAdd(ReadOnlySpan<byte> key)
    {
        var hash = Hash(key);
        if (_stack.AsSpan(_start, _count - _start).Contains(hash) || (_count == _stack.Length && !TryGrow()))
            return false;
        _stack[_count++] = hash;
        return true;
    }

    private bool TryGrow()
    {
        if (_stack.Length == StackSize)
            return false;
        Array.Resize(ref _stack, 2 * _stack.Length);
        return true;
    }

    /// <summary>Eight bytes at a time; the last step overlaps the one before.</summary>
    private static ulong Hash(ReadOnlySpan<byte> key)
    {
        var hash = (ulong)key.Length * Multiplier;
        if (key.Length < 8)
        {
            ulong tail = 0;
            foreach (var b in key)
                tail = (tail << 8) | b;
            return Mix(hash, tail);
        }

        for (var rest = key; rest.Length > 8; rest = rest[8..])
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(rest));
        return Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(key[^8..]));
    }

    private static ulong Mix(ulong hash, ulong value) => BitOperations.RotateLeft((hash ^ value) * Multiplier, 29);
}
