using System.Reflection;
using TorchSharp;

namespace Retort.Tests.Torch.Engine;

/// <summary>The table of libtorch's operators.</summary>
public sealed class OperatorsTest
{
    [Fact]
    public void Operators_OfTheTable_StandOnceEachUnderTheirSchemasNames()
    {
        var fields = typeof(Aten).GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public).Where(f => f.FieldType == typeof(Op)).ToList();
        Assert.True(fields.Count > 800, $"only {fields.Count} operators");
        var misnamed = fields.Where(f => f.Name != Expected(((Op)f.GetValue(null)!).Name)).Select(f => f.Name).ToList();
        Assert.True(misnamed.Count == 0, string.Join(", ", misnamed));
        var elsewhere = typeof(Aten).Assembly.GetTypes().Where(t => t != typeof(Aten) && t.Namespace?.StartsWith("TorchSharp") == true)
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(f => f.FieldType == typeof(Op)).Select(f => $"{f.DeclaringType!.Name}.{f.Name}").ToList();
        Assert.True(elsewhere.Count == 0, "operators beside the table: " + string.Join(", ", elsewhere));
    }

    // aten::add_.Tensor is add_Tensor_: where the operator works in place, the underscore comes last.
    private static string Expected(string schema)
    {
        var parts = schema["aten::".Length..].Split('.');
        var inPlace = parts[0].EndsWith('_') && !parts[0].EndsWith("__");
        return (inPlace ? parts[0][..^1] : parts[0]) + (parts.Length > 1 ? "_" + parts[1] : "") + (inPlace ? "_" : "");
    }
}
