using System.Text;

namespace TelemetryExtension.Processing.Logs;

/// <summary>Severity numbers of the OpenTelemetry log data model for the level names of all runtimes. Unknown is 0, not INFO.</summary>
internal static class Severity
{
    public const byte Unspecified = 0;
    public const byte Trace = 1;
    public const byte Debug = 5;
    public const byte Info = 9;
    public const byte Warn = 13;
    public const byte Error = 17;
    public const byte Fatal = 21;

    /// <summary>The number of a level name, in any case. Also knows <c>INFO3</c> and the like.</summary>
    public static byte Of(ReadOnlySpan<byte> name)
    {
        if (name.Length is < 3 or > 11)
            return Unspecified;
        var plain = Plain(name);
        if (plain == Unspecified && name[^1] is >= (byte)'2' and <= (byte)'4' && Plain(name[..^1]) is var numbered and not Unspecified)
            return (byte)(numbered + name[^1] - '1');
        return plain;
    }

    /// <summary>Numeric levels as pino and bunyan print them: 10 trace to 60 fatal.</summary>
    public static byte OfNumber(long level) => level switch
    {
        10 => Trace,
        20 => Debug,
        30 => Info,
        40 => Warn,
        50 => Error,
        60 => Fatal,
        _ => Unspecified,
    };

    /// <summary>The short name, for records that contain none.</summary>
    public static ReadOnlySpan<byte> NameOf(byte number) => number switch
    {
        0 => [],
        < Debug => "TRACE"u8,
        < Info => "DEBUG"u8,
        < Warn => "INFO"u8,
        < Error => "WARN"u8,
        < Fatal => "ERROR"u8,
        _ => "FATAL"u8,
    };

    // From appendix B of the log data model where it names the logger. The names of winston, loguru and Serilog follow their order. The columns of
    // appendix B differ for "critical": syslog has 18, .NET has 21. In Lambda it comes from .NET and Python, where it is the highest level.
    private static byte Plain(ReadOnlySpan<byte> name) => (name.Length, (byte)(name[0] | 0x20)) switch
    {
        (5, (byte)'s') when Is(name, "silly"u8) => Trace,
        (6, (byte)'s') when Is(name, "severe"u8) => Error,
        (7, (byte)'s') when Is(name, "success"u8) => Info + 1,
        (7, (byte)'v') when Is(name, "verbose"u8) => name[0] == 'V' ? Trace : (byte)(Debug + 1),
        (6, (byte)'f') when Is(name, "finest"u8) => Trace,
        (5, (byte)'f') when Is(name, "finer"u8) => Debug,
        (4, (byte)'f') when Is(name, "fine"u8) => Debug + 1,
        (6, (byte)'c') when Is(name, "config"u8) => Debug + 2,
        (4, (byte)'h') when Is(name, "http"u8) => Debug + 2,
        (6, (byte)'d') when Is(name, "dpanic"u8) => Error + 1,
        (5, (byte)'e') when Is(name, "emerg"u8) => Fatal,
        (4, (byte)'i') when Is(name, "info"u8) => Info,
        (5, (byte)'e') when Is(name, "error"u8) => Error,
        (4, (byte)'w') when Is(name, "warn"u8) => Warn,
        (7, (byte)'w') when Is(name, "warning"u8) => Warn,
        (5, (byte)'d') when Is(name, "debug"u8) => Debug,
        (4, (byte)'d') when Is(name, "dbug"u8) => Debug,
        (5, (byte)'t') when Is(name, "trace"u8) => Trace,
        (4, (byte)'t') when Is(name, "trce"u8) => Trace,
        (3, (byte)'a') when Is(name, "all"u8) => Trace,
        (11, (byte)'i') when Is(name, "information"u8) => Info,
        (6, (byte)'n') when Is(name, "notice"u8) => Info + 1,
        (3, (byte)'e') when Is(name, "err"u8) => Error,
        (4, (byte)'f') when Is(name, "fail"u8) => Error,
        (5, (byte)'f') when Is(name, "fatal"u8) => Fatal,
        (4, (byte)'c') when Is(name, "crit"u8) => Fatal,
        (8, (byte)'c') when Is(name, "critical"u8) => Fatal,
        (5, (byte)'p') when Is(name, "panic"u8) => Error + 2,
        (5, (byte)'a') when Is(name, "alert"u8) => Error + 2,
        (9, (byte)'e') when Is(name, "emergency"u8) => Fatal,
        _ => Unspecified,
    };

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower) => Ascii.EqualsIgnoreCase(name, lower);
}
