namespace Recipes.Tests.Tools;

/// <summary>Runs terraform in copies, so that it writes nothing into the repository.</summary>
internal static class Terraform
{
    public static string Source => Repository.Path("infra", "terraform");

    public static async Task<string> InitializedAsync(TemporaryFolder copy, string path)
    {
        var terraform = Tool.Require("terraform");
        Copies.Of(Source, copy.Path);
        var folder = copy.File(path);
        string[] init = ["init", "-backend=false", "-input=false", "-no-color"];
        var mirror = ProviderMirror();
        var initialized = await Tool.RunAsync(terraform, mirror is null ? init : [.. init, $"-plugin-dir={mirror}"], folder);
        Assert.True(initialized.ExitCode == 0 || mirror is null, initialized.All);
        if (initialized.ExitCode != 0)
            Assert.Skip("terraform init cannot get the AWS provider here: " + initialized.Errors.Trim());
        return folder;
    }

    public static async Task<string> RunAsync(string folder, Dictionary<string, string>? environment, params string[] arguments)
    {
        var result = await Tool.RunAsync(Tool.Require("terraform"), arguments, folder, environment);
        Assert.True(result.ExitCode == 0, result.All);
        return result.Output;
    }

    /// <summary>Uses providers from a folder below /opt on machines without network. Folders that terraform itself knows need no option.</summary>
    private static string? ProviderMirror() => Directory.Exists("/opt")
        ? Directory.EnumerateDirectories("/opt").FirstOrDefault(folder => Directory.Exists(Path.Combine(folder, "registry.terraform.io", "hashicorp", "aws")))
        : null;
}
