using TelemetryExtension.Outbox;
using TelemetryExtension.Otlp;

namespace NativeChecks;

/// <summary>Bytes that must be the same on every machine, at every alignment.</summary>
internal static class Encodings
{
    public static Task OtlpWriterAsync()
    {
        // The bytes after the protobuf specification, written by hand: fixed64 field 1, fixed32 field 2, double field 3, varint field 16.
        byte[] expected =
        [
            0x09, 0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01,
            0x15, 0x78, 0x56, 0x34, 0x12,
            0x19, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F,
            0x80, 0x01, 0xAC, 0x02,
        ];
        for (var shift = 0; shift < 9; shift++)
        {
            using var writer = new OtlpWriter(16);
            writer.Raw(new byte[shift]);
            writer.Fixed64(1, 0x0123456789ABCDEF);
            writer.Fixed32(2, 0x12345678);
            writer.Double(3, 1.0);
            writer.Varint(16, 300);
            Check.That(writer.Written[shift..].SequenceEqual(expected), $"at offset {shift}: {Convert.ToHexString(writer.Written[shift..])}");

            var reader = new ProtobufReader(writer.Written[shift..]);
            Check.That(reader.TryReadTag(out var field, out _) && field == 1 && reader.TryReadFixed64(out var value) && value == 0x0123456789ABCDEF, $"read at offset {shift}");
        }

        using var nested = new OtlpWriter(16);
        var mark = nested.Open(1);
        nested.Bytes(2, new byte[200]);
        nested.Close(mark);
        Check.That(nested.Written[..3].SequenceEqual<byte>([0x0A, 0xCB, 0x01]), $"a nested message of 203 bytes begins {Convert.ToHexString(nested.Written[..3])}");
        return Task.CompletedTask;
    }

    public static Task SpoolFormatAsync()
    {
        var body = new byte[1021];
        for (var i = 0; i < body.Length; i++)
            body[i] = (byte)(i * 7);
        for (var split = 0; split <= 9; split++)
        {
            var payload = new OtlpPayload(Signal.Logs, default, 42, DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123)) { BatchId = "id" + new string('x', split) };
            var head = SpoolFormat.Head(payload, [body.AsMemory(0, split), body.AsMemory(split)], ["otlp", "cloudwatch"]);
            byte[] file = [.. head, .. body];
            Check.That(SpoolFormat.Body(file) is { } read && read.Span.SequenceEqual(body), $"the body split at {split}");
            Check.That(
                SpoolFormat.TryReadHead(file, file.Length, out var back) && back.Payload.Records == 42 && back.Payload.Created == payload.Created
                && back.Payload.BatchId == payload.BatchId && back.Pending.SequenceEqual(["otlp", "cloudwatch"]), $"the head split at {split}");
            file[^1] ^= 1;
            Check.That(SpoolFormat.Body(file) is null, "a changed byte is not noticed");
        }

        // CRC-32C of "123456789" is E3069283. The format stores it without the final inversion, and arm64 must read a file of x86-64.
        var checksum = SpoolFormat.Head(new(Signal.Traces, default, 1, DateTimeOffset.UnixEpoch) { BatchId = "" }, ["123456789"u8.ToArray()], []);
        Check.That(BitConverter.ToUInt32(checksum, 12) == ~0xE3069283u, $"the checksum is {BitConverter.ToUInt32(checksum, 12):x8}");
        return Task.CompletedTask;
    }
}
