using System.Reflection.Metadata;

namespace LayerTools;

/// <summary>Resolves a token of an .mstat file to its type and assembly. Arrays, pointers and generic instances count for their definition.</summary>
internal sealed class MstatOwners(MetadataReader metadata)
{
    private readonly Dictionary<EntityHandle, MstatEntry?> _types = [];

    public MstatEntry? Find(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.MemberReference:
                var member = metadata.GetMemberReference((MemberReferenceHandle)handle);
                return Find(member.Parent) is { } parent ? parent with { Method = metadata.GetString(member.Name) } : null;
            case HandleKind.MethodSpecification:
                return Find(metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method);
            case HandleKind.TypeReference or HandleKind.TypeSpecification:
                if (!_types.TryGetValue(handle, out var type))
                    _types[handle] = type = handle.Kind == HandleKind.TypeReference
                        ? OfReference((TypeReferenceHandle)handle)
                        : OfSignature(metadata.GetBlobReader(metadata.GetTypeSpecification((TypeSpecificationHandle)handle).Signature));
                return type;
            default:
                return null;
        }
    }

    private MstatEntry? OfReference(TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        var name = metadata.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
            return Find(type.ResolutionScope) is { } outer ? outer with { Type = $"{outer.Type}/{name}" } : null;
        var assembly = type.ResolutionScope.Kind == HandleKind.AssemblyReference
            ? metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name)
            : "(compiler)";
        return new(assembly, metadata.GetString(type.Namespace), name, null, 0);
    }

    private MstatEntry? OfSignature(BlobReader signature)
    {
        while (signature.RemainingBytes > 0)
            switch (signature.ReadSignatureTypeCode())
            {
                case SignatureTypeCode.TypeHandle:
                    return Find(signature.ReadTypeHandle());
                case SignatureTypeCode.SZArray or SignatureTypeCode.Array or SignatureTypeCode.Pointer or SignatureTypeCode.ByReference
                    or SignatureTypeCode.GenericTypeInstance:
                    break;
                case var primitive:
                    return new("System.Private.CoreLib", "System", primitive.ToString(), null, 0);
            }

        return null;
    }
}
