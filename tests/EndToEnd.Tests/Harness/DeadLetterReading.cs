using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Harness;

/// <summary>One dead letter as found in a log.</summary>
internal sealed partial record DeadLetterReading(string Id, string Signal, int Records, byte[] Request)
{
    public IEnumerable<Span> Spans => Signal != "traces" ? []
        : ExportTraceServiceRequest.Parser.ParseFrom(Request).ResourceSpans.SelectMany(resource => resource.ScopeSpans).SelectMany(scope => scope.Spans);

    /// <summary>Whether a line is a whole part of a dead letter. A process that is killed may write half a line.</summary>
    public static bool IsPart(string line) => Form().IsMatch(line);

    /// <summary>Every complete letter, once.</summary>
    public static IReadOnlyList<DeadLetterReading> ReadAll(IEnumerable<string> lines)
    {
        var parts = lines.Select(line => Form().Match(line)).ToList();
        Assert.All(parts, part => Assert.True(part.Success, "a line is not part of a dead letter"));
        return
        [
            .. from part in parts
               group part by part.Groups["id"].Value into letter
               let whole = letter.DistinctBy(part => Number(part, "part")).OrderBy(part => Number(part, "part")).ToList()
               where whole.Count == Number(whole[0], "of")
               select new DeadLetterReading(letter.Key, whole[0].Groups["signal"].Value, Number(whole[0], "records"), Unpack(whole)),
        ];
    }

    private static int Number(Match part, string name) => int.Parse(part.Groups[name].Value, CultureInfo.InvariantCulture);

    private static byte[] Unpack(IEnumerable<Match> parts)
    {
        var packed = Base64Url.DecodeFromChars(string.Concat(parts.Select(part => part.Groups["data"].Value)));
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var request = new MemoryStream();
        gzip.CopyTo(request);
        return request.ToArray();
    }

    [GeneratedRegex(
        @"^otlp-dead-letter/1 id=(?<id>\S+) signal=(?<signal>[a-z]+) records=(?<records>\d+) created=\d+ size=\d+ sum=[0-9a-f]+ "
        + @"part=(?<part>\d+)/(?<of>\d+) check=[0-9a-f]+ data=(?<data>[A-Za-z0-9_-]*) reason=(refused|expired|shutdown)$")]
    private static partial Regex Form();
}
