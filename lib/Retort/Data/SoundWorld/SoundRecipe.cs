using System.Text;
using System.Text.Json;

namespace Retort.Data;

/// <summary>What the made sound world consists of: data/sound-world.json, which is part of the assembly.</summary>
/// <param name="Name">the recipe's name</param>
/// <param name="Version">its version</param>
/// <param name="Note">the units of the ranges</param>
/// <param name="Classes">the classes of sound</param>
/// <param name="Speech">voices and phrases of each split: train, validation, test</param>
public sealed record SoundRecipe(string Name, int Version, string Note, IReadOnlyList<SoundClass> Classes, IReadOnlyDictionary<string, SpeechPart> Speech)
{
    internal const string FileName = "data/sound-world.json";
    private static readonly Lazy<SoundRecipe> embedded = new(() => Parse(FileName, ReadEmbedded()));

    /// <summary>The recipe that comes with the library.</summary>
    public static SoundRecipe Embedded => embedded.Value;

    /// <summary>SHA-256 of the recipe's text, without regard to line ends.</summary>
    public string Hash { get; private init; } = "";

    internal static string ReadEmbedded()
    {
        using var stream = typeof(SoundRecipe).Assembly.GetManifestResourceStream("Retort.data.sound-world.json")
            ?? throw new BadInputException("Retort.dll", "", "the resource data/sound-world.json is missing: the assembly was built without it");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    internal static SoundRecipe Parse(string path, string text)
    {
        SoundRecipe? recipe;
        try
        {
            recipe = JsonSerializer.Deserialize<SoundRecipe>(text, new JsonSerializerOptions(JsonSerializerDefaults.Web));
        }
        catch (JsonException e)
        {
            throw new BadInputException(path, $"line {e.LineNumber + 1}", $"not a sound recipe: {e.Message}", e);
        }
        if (recipe is null or { Classes: null } or { Speech: null })
        {
            throw new BadInputException(path, "", "not a sound recipe: classes or speech are missing");
        }
        foreach (var what in recipe.Classes)
        {
            if (what.Sound != Speaking && !Sounds.Makers.ContainsKey(what.Sound ?? ""))
            {
                throw new BadInputException(path, $"class \"{what.Name}\"", $"nothing makes the sound \"{what.Sound}\"; known are {string.Join(", ", Sounds.Makers.Keys.Append(Speaking))}");
            }
            foreach (var (name, limits) in what.Ranges)
            {
                if (limits is not [> 0, _] || limits[1] < limits[0] || !double.IsFinite(limits[1]))
                {
                    throw new BadInputException(path, $"class \"{what.Name}\", range \"{name}\"", "expected two positive numbers, the lower first");
                }
            }
        }
        return recipe with { Hash = Hashing.Of(text.ReplaceLineEndings("\n")) };
    }

    internal const string Speaking = "Speech";

    internal SpeechPart SpeechOf(Split split) => Speech.TryGetValue(split.ToString().ToLowerInvariant(), out var part)
        ? part
        : throw new BadInputException(FileName, "speech", $"voices and phrases for {split} are missing");
}
