using System.Reflection;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

/// <summary>All values of a record of options and of those in it, to compare.</summary>
internal static class OptionsText
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => text,
        System.Collections.IEnumerable items => "[" + string.Join(", ", items.Cast<object?>().Select(Of)) + "]",
        _ when value.GetType().Assembly == typeof(ExtensionOptions).Assembly && !value.GetType().IsEnum => "{" + string.Join(
            ", ", value.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.GetIndexParameters().Length == 0).Select(property => $"{property.Name}={Of(property.GetValue(value))}")) + "}",
        _ => value.ToString()!,
    };
}
