using System.Reflection;
using System.Reflection.Emit;

namespace TelemetryExtension.Tests.Rooms;

/// <summary>
/// Finds the references of an assembly's types: base types, interfaces, attributes, signatures, locals, and every token in the IL of a method with the
/// signature of the called member. A constant is copied by the compiler and leaves no reference.
/// </summary>
internal static class TypeReferences
{
    private const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!).ToDictionary(static code => code.Value);

    public static IEnumerable<Reference> Of(Assembly assembly) => assembly.GetTypes().Where(IsOurs)
        .SelectMany(type => Referenced(type).SelectMany(Plain).Where(IsOurs).Where(other => other.Assembly == assembly).Distinct()
            .Select(other => new Reference(Name(type), Folder(type), Name(other), Folder(other))))
        .Distinct();

    /// <summary>Generated code without a folder has its own namespace or none. Program has none either.</summary>
    private static bool IsOurs(Type type) =>
        type.Name == "Program" || type.Namespace is { } name && (name.StartsWith("TelemetryExtension.", StringComparison.Ordinal) || name.StartsWith("Amazon.CloudWatchLogs", StringComparison.Ordinal));

    private static string Folder(Type type) => type.Namespace is { } name ? SourceFiles.FolderOf(name) : "Program.cs";

    private static string Name(Type type) => type.DeclaringType is { } outer ? Name(outer) : type.Name;

    private static IEnumerable<Type?> Referenced(Type type)
    {
        IEnumerable<Type?> head = [type.BaseType, .. type.GetInterfaces(), .. type.GetCustomAttributesData().Select(static data => data.AttributeType)];
        IEnumerable<Type?> fields = type.GetFields(Declared).Select(static field => field.FieldType);
        IEnumerable<MethodBase> methods = [.. type.GetMethods(Declared), .. type.GetConstructors(Declared)];
        return [.. head, .. fields, .. methods.SelectMany(Referenced)];
    }

    private static IEnumerable<Type?> Referenced(MethodBase method)
    {
        IEnumerable<Type?> signature = [(method as MethodInfo)?.ReturnType, .. method.GetParameters().Select(static parameter => parameter.ParameterType)];
        if (method.GetMethodBody() is not { } body)
            return signature;
        return [
            .. signature,
            .. body.LocalVariables.Select(static local => local.LocalType),
            .. body.ExceptionHandlingClauses.Where(static clause => clause.Flags == ExceptionHandlingClauseOptions.Clause).Select(static clause => clause.CatchType),
            .. Tokens(body.GetILAsByteArray()!).SelectMany(token => Resolve(method, token))];
    }

    private static IEnumerable<Type?> Resolve(MethodBase method, int token)
    {
        var typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        var member = method.Module.ResolveMember(token, typeArguments, method.IsGenericMethod ? method.GetGenericArguments() : null);
        return [
            member as Type ?? member?.DeclaringType,
            (member as FieldInfo)?.FieldType,
            .. member is MethodBase called ? called.GetParameters().Select(static parameter => parameter.ParameterType) : [],
            (member as MethodInfo)?.ReturnType,
            .. member is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericArguments() : []];
    }

    /// <summary>The tokens of types and members in the instructions (ECMA-335, III).</summary>
    private static List<int> Tokens(byte[] il)
    {
        var tokens = new List<int>();
        for (var at = 0; at < il.Length;)
        {
            var code = OpCodesByValue[il[at] == 0xFE ? (short)(0xFE00 | il[at + 1]) : il[at]];
            at += code.Size;
            if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                tokens.Add(BitConverter.ToInt32(il, at));
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
        }

        return tokens;
    }

    /// <summary>The type without array, pointer and reference, and its type arguments.</summary>
    private static IEnumerable<Type> Plain(Type? type)
    {
        while (type is { HasElementType: true })
            type = type.GetElementType();
        if (type is null || type.IsGenericParameter)
            return [];
        return type.IsGenericType ? [type.GetGenericTypeDefinition(), .. type.GetGenericArguments().SelectMany(Plain)] : [type];
    }
}
