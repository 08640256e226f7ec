using System.Diagnostics;
using System.IO.Compression;
using LambdaSandbox;

namespace Benchmarks;

/// <summary>
/// A start with a binary that is in no cache, as in a new environment. The binary is on its own loop device with a read-ahead of 128 kB, which is unmounted
/// before each start. Measures the bytes read from that device and the major faults until the first Next, for the extension and the floor alternately.
/// Needs root.
/// </summary>
internal static class ColdBenchmark
{
    private const int Rounds = 7;
    private const int ReadAheadKb = 128;

    /// <param name="arguments">Other layer zips to compare with, for example from an older commit.</param>
    public static async Task RunAsync(string[] arguments)
    {
        if (Environment.UserName != "root")
        {
            Console.Error.WriteLine("cold: mounting a loop device needs root");
            return;
        }

        (string Name, string Path)[] layers =
            [("floor", Path.Combine(Subject.Artifacts, "floor")), ("telemetry-extension", Subject.LayerZip), .. arguments.Select(zip => (Path.GetFileNameWithoutExtension(zip), zip))];
        var folder = Directory.CreateTempSubdirectory("telemetry-extension-cold-").FullName;
        try
        {
            using var disk = Disk.Create(folder, layers);
            var samples = layers.ToDictionary(layer => layer.Name, _ => new List<(double Register, double Next, NextProbe.Reading Reading)>());
            for (var round = -1; round < Rounds; round++)
                foreach (var (name, _) in layers)
                {
                    var sample = await StartAsync(disk, name);
                    if (round >= 0)
                        samples[name].Add(sample);
                }

            Subject.Say($"### Cold start: {Rounds} of each in turns, median; read-ahead {ReadAheadKb} kB");
            Console.WriteLine("| extension | MB read until Next | major faults until Next | process to Register, ms | process to Next, ms | CPU to Next, ms |");
            Console.WriteLine("|---|--:|--:|--:|--:|--:|");
            foreach (var (name, list) in samples)
                Subject.Say($"| {name} | {Subject.Median(list.Select(s => s.Reading.SectorsRead * 512 / 1e6)):0.0} | {Subject.Median(list.Select(s => (double)s.Reading.MajorFaults)):0} | {Subject.Median(list.Select(s => s.Register)):0.0} | {Subject.Median(list.Select(s => s.Next)):0.0} | {Subject.Median(list.Select(s => s.Reading.Cpu.TotalMilliseconds)):0.0} |");
            Console.WriteLine();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Register, double Next, NextProbe.Reading Reading)> StartAsync(Disk disk, string name)
    {
        disk.Forget();
        var layer = Path.Combine(disk.Mount, name);
        var probe = new NextProbe("telemetry-extension", "floor");
        var before = NextProbe.SectorsRead(disk.Name);
        await using var sandbox = await Sandbox.StartAsync(new SandboxOptions
        {
            LayerDirectory = layer,
            FunctionZip = Subject.FunctionZip,
            OnNext = _ => probe.TakeAsync(disk.Name),
            Environment = new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9",
                ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
                ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "0",
                ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
            },
        });
        var extension = sandbox.Extensions.Single();
        if (sandbox.Init is not { Succeeded: true } || probe.Taken is not { } reading)
            throw new InvalidOperationException($"{name}: init failed: {sandbox.Init}");
        await sandbox.ShutdownAsync();
        return (extension.RegisteredAfter!.Value.TotalMilliseconds, extension.FirstNextAfter!.Value.TotalMilliseconds, reading with { SectorsRead = reading.SectorsRead - before });
    }

    /// <summary>A file system in a file, on a loop device that reads past the page cache of that file.</summary>
    private sealed class Disk : IDisposable
    {
        private readonly string _device;

        private Disk(string device, string mount) => (_device, Mount) = (device, mount);

        public string Mount { get; }

        public string Name => Path.GetFileName(_device);

        public static Disk Create(string folder, (string Name, string Path)[] layers)
        {
            var (image, mount) = (Path.Combine(folder, "disk"), Path.Combine(folder, "mnt"));
            Directory.CreateDirectory(mount);
            using (var file = File.Create(image))
                file.SetLength((16 + 32 * layers.Length) * 1024L * 1024);
            Run("mkfs.ext4", "-q", "-m", "0", image);
            var disk = new Disk(Run("losetup", "--find", "--show", "--direct-io=on", image).Trim(), mount);
            File.WriteAllText($"/sys/block/{disk.Name}/queue/read_ahead_kb", $"{ReadAheadKb}");
            Run("mount", disk._device, mount);
            foreach (var (name, path) in layers)
                if (Directory.Exists(path))
                    Run("cp", "-r", path, Path.Combine(mount, name));
                else
                    ZipFile.ExtractToDirectory(path, Path.Combine(mount, name));
            return disk;
        }

        /// <summary>Drops its pages, so that the next mount finds nothing in memory.</summary>
        public void Forget()
        {
            Run("umount", Mount);
            Run("mount", "-o", "ro,noatime", _device, Mount);
        }

        public void Dispose()
        {
            Run("umount", Mount);
            Run("losetup", "--detach", _device);
        }

        private static string Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed with {process.ExitCode}");
        }
    }
}
