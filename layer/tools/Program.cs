using System.Globalization;
using LayerTools;

try
{
    switch (args)
    {
        case ["substitutions", var list, var references, var output]:
            var paths = File.ReadLines(references).ToLookup(path => Path.GetFileNameWithoutExtension(path));
            Substitutions.Generate(File.ReadLines(list), name => paths[name].FirstOrDefault() ?? throw new InvalidDataException($"{list} names an assembly that is not compiled: {name}"))
                .Save(output);
            return 0;
        case ["size", var binary, var folder]:
            var report = SizeReport.Lines(
                new FileInfo(binary).Length, Mstat.Read(Directory.GetFiles(folder, "*.mstat")[0]), LinkMap.Read(File.ReadLines(Path.Combine(folder, "link.map"))), Path.GetFileName(binary));
            foreach (var line in report)
                Console.WriteLine(line);
            return 0;
        case ["order", var log, var map, var output]:
            // Keep only managed functions, because the compiler places no others.
            var managed = LinkMap.Read(File.ReadLines(map)).Symbols;
            var order = StartupOrder.Read(File.ReadLines(log)).Where(managed.Contains).ToList();
            File.WriteAllLines(output, order);
            Console.WriteLine($"{order.Count} functions in {output}");
            return order.Count > 0 ? 0 : 1;
        case ["order-share", var list, var map]:
            var share = StartupOrder.Share([.. File.ReadLines(list)], LinkMap.Read(File.ReadLines(map)).Symbols);
            Console.WriteLine(share.ToString("0.000", CultureInfo.InvariantCulture));
            return 0;
        case ["sbom", var document, var output, .. var linked]:
            File.WriteAllText(output, BillOfMaterials.Complete(File.ReadAllText(document), linked));
            return 0;
        default:
            Console.Error.WriteLine("usage: layer-tools substitutions LIST REFERENCES OUTPUT | size BINARY FOLDER | order QEMU_LOG MAP OUTPUT | order-share LIST MAP "
                + "| sbom DOCUMENT OUTPUT NAME=VERSION=LICENSE...");
            return 2;
    }
}
catch (Exception e) when (e is IOException or InvalidDataException)
{
    Console.Error.WriteLine($"layer-tools: {e.Message}");
    return 1;
}
