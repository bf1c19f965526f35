using System.Text.Json;

namespace Retort.Tests.Weights;

/// <summary>Files that stock PyTorch wrote (environment/reference/pytorch_files.py), with the values in them.</summary>
internal static class Fixtures
{
    public sealed record Expected(string DType, long[] Shape, double[] Values);

    private static readonly JsonElement Files = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Weights/Golden/pytorch_files.json"))).RootElement.GetProperty("files");

    public static byte[] Bytes(string name) => Files.GetProperty(name).GetProperty("base64").GetBytesFromBase64();

    public static Dictionary<string, Expected> Tensors(string name) => Files.GetProperty(name).GetProperty("tensors").EnumerateObject()
        .ToDictionary(t => t.Name, t => new Expected(
            t.Value.GetProperty("dtype").GetString()!,
            [.. t.Value.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64())],
            [.. t.Value.GetProperty("values").EnumerateArray().Select(v => v.GetDouble())]));

    /// <summary>The fixture as a file, which is removed at the end.</summary>
    public static TemporaryFile AsFile(string name) => new(Bytes(name));
}
