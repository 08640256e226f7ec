using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace LambdaSandbox.Processes;

/// <summary>
/// Sets the wall clock of one process, which simulates a freeze of hours, a restored snapshot or a corrected clock from inside, while the monotonic clock
/// runs on. Linux has no time namespace for CLOCK_REALTIME, and a static binary loads no library that could replace the clock. But it calls the vDSO, which
/// the kernel maps into every process, and whose pages become private when they are written. So this replaces the three functions for the wall clock there
/// by the system call and an addition. x86-64 only.
/// </summary>
public sealed class ProcessClock
{
    // mov eax,228 (clock_gettime); syscall; CLOCK_REALTIME or CLOCK_REALTIME_COARSE? mov rcx,seconds; add [rsi],rcx; ret
    private static readonly byte[] ClockGetTime =
        [0xB8, 228, 0, 0, 0, 0x0F, 0x05, 0x85, 0xFF, 0x74, 5, 0x83, 0xFF, 5, 0x75, 13, 0x48, 0xB9, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x01, 0x0E, 0xC3];

    // mov eax,96 (gettimeofday); syscall; a place for the time? mov rcx,seconds; add [rdi],rcx; ret
    private static readonly byte[] GetTimeOfDay =
        [0xB8, 96, 0, 0, 0, 0x0F, 0x05, 0x48, 0x85, 0xFF, 0x74, 13, 0x48, 0xB9, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x01, 0x0F, 0xC3];

    // mov eax,201 (time); push rdi; xor edi,edi; syscall; pop rdi; mov rcx,seconds; add rax,rcx; a place for the time? mov [rdi],rax; ret
    private static readonly byte[] Time =
        [0xB8, 201, 0, 0, 0, 0x57, 0x31, 0xFF, 0x0F, 0x05, 0x5F, 0x48, 0xB9, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x01, 0xC8, 0x48, 0x85, 0xFF, 0x74, 3, 0x48, 0x89, 0x07, 0xC3];

    private static readonly byte[] LoadSeconds = [0x48, 0xB9];

    private static readonly (string Name, byte[] Code)[] Replacements =
        [("__vdso_clock_gettime", ClockGetTime), ("__vdso_gettimeofday", GetTimeOfDay), ("__vdso_time", Time)];

    private readonly string _memory;
    private readonly List<long> _seconds = [];

    private ProcessClock(int pid) => _memory = $"/proc/{pid}/mem";

    /// <summary>
    /// Right as yet; null where the clock of a process cannot be set. The process must be at rest: none of its threads may be asking for the time just now.
    /// </summary>
    public static ProcessClock? TryOf(int pid, out string reason)
    {
        reason = "the clock of a process can be set on x86-64 only";
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return null;
        var clock = new ProcessClock(pid);
        try
        {
            reason = clock.Replace(pid) ?? "";
        }
        catch (UnauthorizedAccessException)
        {
            reason = "the memory of another process cannot be written here: run as root";
        }
        catch (IOException)
        {
            reason = "the process is gone";
        }

        return reason.Length == 0 ? clock : null;
    }

    /// <summary>Sets the offset of the process's wall clock from the machine's.</summary>
    public void Set(TimeSpan offset)
    {
        var seconds = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(seconds, (long)offset.TotalSeconds);
        using var memory = Open();
        foreach (var address in _seconds)
            Write(memory, address, seconds);
    }

    /// <summary>Null, or the reason why it is not possible.</summary>
    private string? Replace(int pid)
    {
        var map = File.ReadLines($"/proc/{pid}/maps").FirstOrDefault(line => line.EndsWith("[vdso]", StringComparison.Ordinal));
        if (map is null)
            return "this kernel gives processes no vDSO";
        var range = map.Split(' ')[0].Split('-').Select(text => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
        using var memory = Open();
        var image = new byte[range[1] - range[0]];
        memory.Position = range[0];
        memory.ReadExactly(image);
        var found = Replacements.Select(replacement => (replacement.Name, replacement.Code, At: Function(image, replacement.Name))).ToList();
        if (found.Find(one => one.At.Size < one.Code.Length) is { Name: not null } tooShort)
            return $"{tooShort.Name} of this kernel is too short to be replaced";
        foreach (var (_, code, at) in found)
        {
            Write(memory, range[0] + at.Offset, code);
            _seconds.Add(range[0] + at.Offset + code.AsSpan().IndexOf(LoadSeconds) + LoadSeconds.Length);
        }

        return null;
    }

    private FileStream Open() => new(_memory, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);

    private static void Write(FileStream memory, long address, byte[] bytes)
    {
        memory.Position = address;
        memory.Write(bytes);
    }

    /// <summary>The address of a function in an ELF image, from its dynamic symbols (whose names are in the section that the table links to).</summary>
    private static (int Offset, int Size) Function(byte[] image, string name)
    {
        const int dynamicSymbols = 11, sectionSize = 64, symbolSize = 24;
        long Long(long at) => BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan((int)at));
        int Int(long at) => BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan((int)at));
        var (sections, count) = (Long(0x28), BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(0x3C)));
        for (var section = sections; section < sections + (count * sectionSize); section += sectionSize)
        {
            if (Int(section + 4) != dynamicSymbols)
                continue;
            var names = Long(sections + (Int(section + 0x28) * sectionSize) + 0x18);
            for (var symbol = Long(section + 0x18); symbol < Long(section + 0x18) + Long(section + 0x20); symbol += symbolSize)
            {
                var text = image.AsSpan((int)(names + Int(symbol)));
                if (Encoding.ASCII.GetString(text[..text.IndexOf((byte)0)]) == name)
                    return ((int)Long(symbol + 8), (int)Long(symbol + 16));
            }
        }

        return (0, 0);
    }
}
