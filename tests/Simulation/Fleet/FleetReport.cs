using System.Globalization;
using System.Text;

namespace Simulation.Fleet;

/// <summary>A run of the fleet as lines of text, one for each stretch of time.</summary>
internal static class FleetReport
{
    public static string Of(FleetRun run, int step)
    {
        var text = new StringBuilder();
        var curves = run.Curves;
        text.AppendLine(CultureInfo.InvariantCulture, $"capacity {run.Capacity:0}");
        for (var from = 0; from + step <= curves.Seconds; from += step)
        {
            var to = from + step;
            var (requests, invocations) = (curves.Sum(from, to, static second => second.Requests), curves.Sum(from, to, static second => second.Invocations));
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{from,5}-{to,5}: requests/s {requests / step,6:0} peak {curves.PeakToMean(from, to, static second => second.Requests),4:0.0} "
                + $"refused/s {curves.Sum(from, to, static second => second.Refused) / step,6:0} "
                + $"useful {curves.Sum(from, to, static second => second.Useful) / step / run.Capacity,5:0.00} "
                + $"wasted {curves.Sum(from, to, static second => second.Wasted) / step / run.Capacity,5:0.00} "
                + $"outstanding {curves[to - 1].Outstanding,9} held {curves.Sum(from, to, static second => second.Held.TotalMilliseconds) / invocations,6:0.0} ms "
                + $"median age {curves.AgeAt(0.5, TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(to)).TotalSeconds,6:0.0} s");
        }

        return text.ToString();
    }
}
