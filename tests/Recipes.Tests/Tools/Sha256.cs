using System.Security.Cryptography;

namespace Recipes.Tests.Tools;

internal static class Sha256
{
    /// <summary>Lambda's format: CodeSha256 is base64.</summary>
    public static string Of(string file) => Convert.ToBase64String(SHA256.HashData(File.ReadAllBytes(file)));
}
