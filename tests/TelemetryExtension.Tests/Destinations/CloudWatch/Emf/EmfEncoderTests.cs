using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Emf;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Destinations.CloudWatch.Emf;

public sealed class EmfEncoderTests
{
    private const int Gauge = 5;
    private const int Sum = 7;
    private const int Histogram = 9;

    private readonly EmfEncoder _encoder = new(new(EmfOutput.Logs, "Shop", [["faas.name"], ["faas.name", "faas.trigger"], ["faas.version"]]));

    [Fact]
    public void Encode_MetricsOfOneMoment_ShareALine()
    {
        var lines = Encode(writer =>
        {
            OtlpBuilder.Metric(writer, "faas.coldstarts", "{coldstart}", Sum, data => { OtlpBuilder.Number(data, 1, attribute: "http"); data.Varint(2, 1); data.Bool(3, true); });
            OtlpBuilder.Metric(writer, "faas.init_duration", "s", Histogram, data => { Distribution(data, 1, 0.25, 0.25, 0.25, "http"); data.Varint(2, 1); });
        });

        Assert.Equal(
            """{"_aws":{"Timestamp":1767225600000,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["faas.name"],["faas.name","faas.trigger"],[]],"Metrics":[{"Name":"faas.coldstarts","Unit":"Count"},{"Name":"faas.init_duration","Unit":"Seconds"}]}]},"faas.name":"orders","faas.trigger":"http","faas.coldstarts":1,"faas.init_duration":0.25}""",
            Assert.Single(lines).Message);
        Assert.Equal(2, lines[0].Records);
    }

    [Fact]
    public void Encode_Histogram_IsAStatisticSet()
    {
        var line = Assert.Single(Encode(writer => OtlpBuilder.Metric(writer, "h", "By", Histogram, data => { Distribution(data, 4, 10, 1, 5); data.Varint(2, 1); })));

        Assert.Contains("\"h\":{\"Max\":5,\"Min\":1,\"Count\":4,\"Sum\":10}", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_DifferentAttributesOrTimes_AreLinesApart() => Assert.Equal(3, Encode(writer => OtlpBuilder.Metric(writer, "g", "1", Gauge, data =>
    {
        OtlpBuilder.Number(data, 1, attribute: "http");
        OtlpBuilder.Number(data, 2, attribute: "pubsub");
        OtlpBuilder.Number(data, 3, OtlpBuilder.Start + OtlpBuilder.Second, attribute: "http");
    })).Count);

    [Fact]
    public void Encode_DefaultDimensions_KeepSeriesApartByTheirAttributes()
    {
        var lines = Default(data =>
        {
            OtlpBuilder.Number(data, 1, attribute: "http");
            OtlpBuilder.Number(data, 2, attribute: "pubsub");
            OtlpBuilder.Number(data, 3);
        });

        Assert.Equal(["faas.name,faas.trigger", "faas.name,faas.trigger", "faas.name"], lines.Select(Dimensions));
        Assert.Contains("\"faas.trigger\":\"pubsub\"", lines[1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(":key", "v")]
    [InlineData("schlüssel", "v")]
    [InlineData("key", "Grüße")]
    [InlineData("key", " ")]
    [InlineData("key", "a\nb")]
    [InlineData("key", "a\u0000")]
    [InlineData("key", "a\u007f")]
    [InlineData("k\te", "v")]
    public void Encode_AttributeThatCannotBeADimension_StaysAMember(string key, string value)
    {
        var line = Assert.Single(Default(data =>
        {
            var point = data.Open(1);
            data.Fixed64(3, OtlpBuilder.Start);
            data.Double(4, 1);
            OtlpBuilder.Attribute(data, 7, key, value);
            data.Close(point);
        }));

        Assert.Equal("faas.name", Dimensions(line));
        using var json = JsonDocument.Parse(line.Message);
        Assert.Equal(value, json.RootElement.GetProperty(key).GetString());
    }

    [Fact]
    public void Encode_MoreAttributesThanDimensionsAllowed_UsesThirty()
    {
        var line = Assert.Single(Default(data =>
        {
            var point = data.Open(1);
            data.Fixed64(3, OtlpBuilder.Start);
            data.Double(4, 1);
            for (var i = 0; i < 40; i++)
                OtlpBuilder.Attribute(data, 7, "a" + i, "v");
            data.Close(point);
        }));

        Assert.Equal(30, Dimensions(line).Split(',').Length);
        Assert.StartsWith("faas.name,", Dimensions(line), StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_MoreThan100Metrics_AreSeveralLines()
    {
        var lines = Encode(writer =>
        {
            for (var i = 0; i < 250; i++)
                OtlpBuilder.Metric(writer, "m" + i, "", Gauge, data => OtlpBuilder.Number(data, i));
        });

        Assert.Equal([100, 100, 50], lines.Select(line => line.Records));
        Assert.All(lines, line => JsonDocument.Parse(line.Message).Dispose());
    }

    [Fact]
    public void Encode_SameNameTwiceAtOneMoment_LosesNeither() => Assert.Equal(2, Encode(writer =>
    {
        for (var i = 0; i < 2; i++)
            OtlpBuilder.Metric(writer, "twice", "", Gauge, data => OtlpBuilder.Number(data, i));
    }).Sum(line => line.Records));

    /// <summary>Two meters have the same metric at the same time. CloudWatch adds both up.</summary>
    [Fact]
    public void Encode_EqualPointsOfTwoScopes_AreBothThere()
    {
        var lines = _encoder.Encode(TwoScopes(5), DateTimeOffset.UnixEpoch).Events;

        Assert.Equal(2, lines.Count);
        Assert.All(lines, line => Assert.Contains("\"c\":5", line.Message, StringComparison.Ordinal));
        _encoder.Commit();
        Assert.Equal(["2", "2"], _encoder.Encode(TwoScopes(7, 2), DateTimeOffset.UnixEpoch).Events.Select(line => JsonDocument.Parse(line.Message).RootElement.GetProperty("c").GetRawText()));

        static byte[] TwoScopes(double value, ulong time = 1)
        {
            var one = OtlpBuilder.Request(Metric);
            byte[] other = [.. one];
            other[other.AsSpan().IndexOf("scope-a"u8) + 6] = (byte)'b';
            return [.. one, .. other];

            void Metric(OtlpWriter writer) => OtlpBuilder.Metric(writer, "c", "", Sum, data =>
            {
                OtlpBuilder.Number(data, value, OtlpBuilder.Start + (time * OtlpBuilder.Second), OtlpBuilder.Start);
                data.Varint(2, 2);
                data.Bool(3, true);
            });
        }
    }

    [Fact]
    public void Encode_NamesThatCloudWatchCannotTake_AreCounted()
    {
        var result = _encoder.Encode(OtlpBuilder.Request(writer =>
        {
            foreach (var name in new[] { "_aws", "", new string('m', 1025), "good" })
                OtlpBuilder.Metric(writer, name, "", Gauge, data => OtlpBuilder.Number(data, 1));
        }), DateTimeOffset.UnixEpoch);

        Assert.Equal(3, result.Unusable);
        Assert.Contains("\"good\":1", Assert.Single(result.Events).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_ConfiguredDimensionWithAControlCharacter_IsLeftOut()
    {
        var line = Assert.Single(Encode(writer => OtlpBuilder.Metric(writer, "g", "", Gauge, data => OtlpBuilder.Number(data, 1, attribute: "a\nb"))));

        Assert.Contains("\"Dimensions\":[[\"faas.name\"],[]]", line.Message, StringComparison.Ordinal);
    }

    /// <summary>The resource of the function's SDK rarely names the function, but the environment does.</summary>
    [Fact]
    public void Encode_ResourceWithoutTheDimension_TakesTheEnvironments()
    {
        var request = OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "g", "", Gauge, data => OtlpBuilder.Number(data, 1)));
        request[request.AsSpan().IndexOf("faas.name"u8)] = (byte)'x';
        var encoder = new EmfEncoder(new(EmfOutput.Logs, "Shop", [["faas.name"]], PointAttributes: true), key => key == "faas.name" ? "cart" : null);

        var line = Assert.Single(encoder.Encode(request, DateTimeOffset.UnixEpoch).Events);

        Assert.Equal("faas.name", Dimensions(line));
        Assert.Contains("\"faas.name\":\"cart\"", line.Message, StringComparison.Ordinal);
    }

    /// <summary>For any names and attributes each point is a value in a line or counted, and no object has a member twice.</summary>
    [Fact]
    public void Encode_AnyMetrics_LosesNoPointAndRepeatsNoMember() => Prop.ForAll(AnyMetrics.ToArbitrary(), metrics =>
    {
        var result = new EmfEncoder(new(EmfOutput.Logs, "Shop", [["faas.name", "a"], ["_aws"]], PointAttributes: true)).Encode(OtlpBuilder.Request(writer =>
        {
            foreach (var (name, key, value) in metrics)
                OtlpBuilder.Metric(writer, name, "", Gauge, data =>
                {
                    var point = data.Open(1);
                    data.Fixed64(3, OtlpBuilder.Start);
                    data.Double(4, 1);
                    OtlpBuilder.Attribute(data, 7, key, value);
                    data.Close(point);
                });
        }), DateTimeOffset.UnixEpoch);

        Assert.Equal(metrics.Length, result.Unusable + result.Events.Sum(line => line.Records));
        foreach (var line in result.Events)
        {
            using var json = JsonDocument.Parse(line.Message, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var directive = json.RootElement.GetProperty("_aws").GetProperty("CloudWatchMetrics")[0];
            Assert.All(directive.GetProperty("Metrics").EnumerateArray(), metric =>
                Assert.Equal(JsonValueKind.Number, json.RootElement.GetProperty(metric.GetProperty("Name").GetString()!).ValueKind));
            Assert.All(directive.GetProperty("Dimensions").EnumerateArray().SelectMany(set => set.EnumerateArray()), name =>
                Assert.DoesNotContain(json.RootElement.GetProperty(name.GetString()!).GetString()!, c => c is < ' ' or > '~'));
        }
    }).QuickCheckThrowOnFailure();

    private static Gen<(string Name, string Key, string Value)[]> AnyMetrics
    {
        get
        {
            var text = Gen.OneOf(Gen.Elements("", "_aws", "a", "b", "faas.name", "x\n", "a\u0007", new string('\ud83d', 3), new string('l', 1023) + "🚀"), ArbMap.Default.GeneratorFor<string>().Select(any => any ?? ""));
            return (from name in text from key in text from value in text select (name, key, value)).ArrayOf();
        }
    }

    [Fact]
    public void Encode_ValuesWithoutForm_AreCounted()
    {
        var result = _encoder.Encode(OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "g", "", Gauge, data =>
        {
            OtlpBuilder.Number(data, double.NaN);
            OtlpBuilder.Number(data, double.PositiveInfinity);
            OtlpBuilder.Number(data, 1e200);
            OtlpBuilder.Number(data, 7);
        })), DateTimeOffset.UnixEpoch);

        Assert.Equal(3, result.Unusable);
        Assert.Contains("\"g\":7", Assert.Single(result.Events).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_CumulativeSum_TellsWhatWasAdded()
    {
        Assert.Equal("5", Cumulative(5, 1));
        _encoder.Commit();
        Assert.Equal("3", Cumulative(8, 2));
        Assert.Equal("3", Cumulative(8, 2)); // not committed: the same again
        _encoder.Commit();
        Assert.Null(Cumulative(8, 2)); // late twin
        Assert.Equal("1", Cumulative(1, 4, start: 3)); // a new process
    }

    [Fact]
    public void Encode_CumulativeHistogram_TellsTheMeanOfWhatWasAdded()
    {
        Line(2, 10, 1);
        _encoder.Commit();

        Assert.Contains("\"h\":{\"Values\":[10],\"Counts\":[3]}", Line(5, 40, 2), StringComparison.Ordinal);

        string Line(ulong count, double sum, ulong time) => Assert.Single(Encode(writer =>
            OtlpBuilder.Metric(writer, "h", "", Histogram, data => { Distribution(data, count, sum, 1, 9, null, time); data.Varint(2, 2); }))).Message;
    }

    [Fact]
    public async Task Deliver_Stdout_WritesTheLines()
    {
        var output = new StringWriter();
        var destination = new EmfStdoutDestination(new(EmfOutput.Stdout, "Shop", [["faas.name"]]), output);
        var request = OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "g", "", Gauge, data => { OtlpBuilder.Number(data, 7); OtlpBuilder.Number(data, double.NaN); }));

        var result = await destination.DeliverAsync(OtlpBuilder.Payload(Signal.Metrics, request, 2), TestContext.Current.CancellationToken);

        Assert.Equal(1, result.RejectedRecords);
        Assert.StartsWith("""{"_aws":""", Assert.Single(output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static List<LogEvent> Default(Action<OtlpWriter> points) =>
        new EmfEncoder(new(EmfOutput.Logs, "Shop", [["faas.name"]], PointAttributes: true))
            .Encode(OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "g", "", Gauge, points)), DateTimeOffset.UnixEpoch).Events;

    private static string Dimensions(LogEvent line)
    {
        using var json = JsonDocument.Parse(line.Message);
        var set = Assert.Single(json.RootElement.GetProperty("_aws").GetProperty("CloudWatchMetrics")[0].GetProperty("Dimensions").EnumerateArray());
        return string.Join(',', set.EnumerateArray().Select(name => name.GetString()));
    }

    private string? Cumulative(double value, ulong time, ulong start = 1)
    {
        var lines = Encode(writer => OtlpBuilder.Metric(writer, "c", "", Sum, data => { OtlpBuilder.Number(data, value, time * OtlpBuilder.Second, start); data.Varint(2, 2); data.Bool(3, true); }));
        if (lines.Count == 0)
            return null;
        using var json = JsonDocument.Parse(lines[0].Message);
        return json.RootElement.GetProperty("c").GetRawText();
    }

    private List<LogEvent> Encode(Action<OtlpWriter> metrics) => _encoder.Encode(OtlpBuilder.Request(metrics), DateTimeOffset.UnixEpoch).Events;

    private static void Distribution(OtlpWriter data, ulong count, double sum, double min, double max, string? attribute = null, ulong seconds = 0)
    {
        var point = data.Open(1);
        data.Fixed64(3, OtlpBuilder.Start + (seconds * OtlpBuilder.Second));
        data.Fixed64(4, count);
        data.Double(5, sum);
        data.Double(11, min);
        data.Double(12, max);
        if (attribute is not null)
            OtlpBuilder.Attribute(data, 9, "faas.trigger", attribute);
        data.Close(point);
    }
}
