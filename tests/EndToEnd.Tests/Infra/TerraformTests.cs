using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Infra;

public class TerraformTests
{
    private static string Source => Repository.Path("infra", "terraform");

    [Fact]
    public async Task Terraform_Formatting_IsCanonical()
    {
        var result = await Tool.RunAsync(Tool.Require("terraform"), ["fmt", "-check", "-recursive", "-diff", "-no-color", Source]);

        Assert.True(result.ExitCode == 0, result.All);
    }

    [Theory]
    [InlineData("modules/layer")]
    [InlineData("examples/function")]
    public async Task Terraform_Configuration_IsValid(string path)
    {
        var terraform = Tool.Require("terraform");
        using var copy = new TemporaryFolder();
        Copy(Source, copy.Path);
        var folder = copy.File(path);

        string[] init = ["init", "-backend=false", "-input=false", "-no-color"];
        var mirror = ProviderMirror();
        var initialized = await Tool.RunAsync(terraform, mirror is null ? init : [.. init, $"-plugin-dir={mirror}"], folder);
        Assert.True(initialized.ExitCode == 0 || mirror is null, initialized.All);
        if (initialized.ExitCode != 0)
            Assert.Skip("terraform init cannot get the AWS provider here: " + initialized.Errors.Trim());
        var result = await Tool.RunAsync(terraform, ["validate", "-no-color"], folder);

        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains("Success!", result.Output, StringComparison.Ordinal);
    }

    /// <summary>A machine without network may keep providers in a folder below /opt; the folders that terraform knows by itself need no option.</summary>
    private static string? ProviderMirror() => Directory.Exists("/opt")
        ? Directory.EnumerateDirectories("/opt").FirstOrDefault(folder => Directory.Exists(System.IO.Path.Combine(folder, "registry.terraform.io", "hashicorp", "aws")))
        : null;

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*.tf", SearchOption.AllDirectories))
        {
            var target = System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
