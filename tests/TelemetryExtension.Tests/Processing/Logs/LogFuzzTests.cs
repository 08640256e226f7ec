using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Common.V1;
using static TelemetryExtension.Tests.Processing.Logs.LogEncoding;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>For any input there is no exception and no damage to other records, and the decoded content is exactly the input.</summary>
public class LogFuzzTests
{
    private static readonly string[] Seeds =
    [
        "\"2025-08-11T12:00:00.100Z\\t3da1f2dc-3222-475e-9205-e2e6c6318895\\tINFO\\torder \\ud83d\\ude80 {\\\"a\\\":1}\\n\"",
        "\"[ERROR] ValueError: x\\nTraceback (most recent call last):\\n  File\"",
        "\"I, [2025-08-11T12:00:00.101010 #8]  INFO x -- : message\"",
        "\"RequestId: 3da1f2dc-3222-475e-9205-e2e6c6318895 Error: x\\nRuntime.ExitError\"",
        "{\"timestamp\":\"2025-08-11T12:00:00.102Z\",\"level\":\"INFO\",\"requestId\":\"3da1f2dc-3222-475e-9205-e2e6c6318895\",\"message\":{\"a\":[1,2.5e3,null,true]},\"err\":{\"type\":\"E\",\"stack\":[\"a\",\"b\"],\"x\":1}}",
        "{\"_aws\":{\"Timestamp\":1},\"trace_id\":\"0123456789abcdef0123456789abcdef\",\"span_id\":\"0123456789abcdef\",\"stackTrace\":[\"a\\u00e4\"]}",
    ];

    [Fact]
    public void DamagedRecords_NeverThrow_AndLeaveTheirNeighboursAlone()
    {
        var random = new Random(4711);
        for (var round = 0; round < 4000; round++)
        {
            var bytes = Encoding.UTF8.GetBytes(Seeds[random.Next(Seeds.Length)]);
            for (var damage = random.Next(1, 6); damage > 0; damage--)
                bytes = Damage(bytes, random);
            Check(bytes);
        }
    }

    [Fact]
    public void RandomBytes_NeverThrow() => Prop.ForAll<byte[]>(bytes => Check(bytes)).QuickCheckThrowOnFailure();

    [Fact]
    public void AnyText_ComesOutAsItWentIn() => Prop.ForAll<string>(text =>
    {
        // A leading mark keeps it from matching a known format. Newlines at the end are trimmed on purpose.
        var line = "> " + text;
        Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(line)).TrimEnd('\n', '\r'), Text(line).Body.StringValue);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void AnyJsonValue_IsAnAttributeOfTheSameValue() => Prop.ForAll(Arb.From(Value(3)), json =>
    {
        using var document = System.Text.Json.JsonDocument.Parse(json);
        var record = Single("{\"message\":\"m\",\"x\":" + json + "}");
        AssertSame(document.RootElement, Attributes(record)["x"]);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void AnyKeys_AreThereOnce_WithTheLastValue()
    {
        string[] keys = ["a", "b", "\\u0061", "", "long.enough.for.two.words", "faas.invocation_id", "exception.type", "x", "y", "z", "\\ud800", "\\udfff"];
        var random = new Random(15);
        for (var round = 0; round < 4000; round++)
        {
            // Some objects have more keys than the list that finds repetitions holds at first, and some more than it ever holds.
            var count = round % 100 == 0 ? 600 : random.Next(1, 50);
            var members = Enumerable.Range(0, count).Select(_ => (Key: random.Next(3) > 0 ? keys[random.Next(keys.Length)] : $"k{random.Next(1000)}", Value: random.Next())).ToArray();
            var inside = "{" + string.Join(',', members.Select(member => $"\"{member.Key}\":{member.Value}")) + "}";

            var record = new LogEncoding { Open = First }.Encode($$"""{"message":{{inside}},"nested":{{inside}},"last":[{{inside}}],{{inside[1..]}}""").Single();

            Assert.Empty(OtlpRules.Check(record, Google.Protobuf.MessageExtensions.ToByteArray(record)));
            var expected = members.Where(member => member.Key is "a" or "\\u0061").Select(member => (long)member.Value).LastOrDefault(-1);
            var found = record.Attributes.Concat(record.Body.KvlistValue.Values).Where(pair => pair.Key == "a").Select(pair => pair.Value.IntValue);
            Assert.Equal(expected < 0 ? [] : [expected, expected], found);
        }
    }

    private static void Check(byte[] record)
    {
        var answers = new List<bool>();
        var records = new LogEncoding { Open = First }.Encode(["\"before\""u8.ToArray(), record, "{\"message\":\"after\"}"u8.ToArray()], answers.Add);
        Assert.True(answers[0] && answers[2]);
        Assert.Equal("before", records[0].Body.StringValue.Split('\n')[0]);
        Assert.Equal("after", records[^1].Body.StringValue);
        Assert.InRange(records.Count, 2, 3);
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length + 1);
        return random.Next(4) switch
        {
            0 => bytes[..at],
            1 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
            2 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(8))..]],
            _ => [.. bytes[..at], .. "{\"[\\}]:,u0"u8.Slice(random.Next(10), 1), .. bytes[at..]],
        };
    }

    private static Gen<string> Value(int depth)
    {
        var scalar = Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ArbMap.Default.GeneratorFor<NormalFloat>().Select(value => System.Text.Json.JsonSerializer.Serialize(value.Get)),
            ArbMap.Default.GeneratorFor<string>().Select(value => System.Text.Json.JsonSerializer.Serialize(value)),
            Gen.Elements("true", "false", "null"));
        if (depth == 0)
            return scalar;
        var children = Value(depth - 1).ListOf();
        return Gen.OneOf(scalar, children.Select(list => "[" + string.Join(" ,", list) + "]"),
            children.Select(list => "{" + string.Join(", ", list.Select((value, i) => $"\"k{i}\" : {value}")) + "}"));
    }

    private static void AssertSame(System.Text.Json.JsonElement expected, AnyValue actual)
    {
        switch (expected.ValueKind)
        {
            case System.Text.Json.JsonValueKind.Object:
                Assert.Equal(expected.EnumerateObject().Select(member => member.Name), actual.KvlistValue.Values.Select(pair => pair.Key));
                foreach (var (member, pair) in expected.EnumerateObject().Zip(actual.KvlistValue.Values))
                    AssertSame(member.Value, pair.Value);
                break;
            case System.Text.Json.JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), actual.ArrayValue.Values.Count);
                foreach (var (item, value) in expected.EnumerateArray().Zip(actual.ArrayValue.Values))
                    AssertSame(item, value);
                break;
            case System.Text.Json.JsonValueKind.Number when expected.TryGetInt64(out var integer):
                if (actual.ValueCase == AnyValue.ValueOneofCase.DoubleValue)
                    Assert.Equal(integer, actual.DoubleValue);
                else
                    Assert.Equal(integer, actual.IntValue);
                break;
            case System.Text.Json.JsonValueKind.Number:
                Assert.Equal(expected.GetDouble(), actual.DoubleValue);
                break;
            case System.Text.Json.JsonValueKind.String:
                Assert.Equal(expected.GetString(), actual.StringValue);
                break;
            case System.Text.Json.JsonValueKind.Null:
                Assert.Equal(AnyValue.ValueOneofCase.None, actual.ValueCase);
                break;
            default:
                Assert.Equal(expected.GetBoolean(), actual.BoolValue);
                break;
        }
    }
}
