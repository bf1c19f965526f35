using Retort.Models;
using Retort.Papers.Ced;
using Retort.Tests.Models;
using Retort.Tests.Papers.Ced;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

/// <summary>Damaged settings of a saved parser of speech; its weights and its tokenizer are whole.</summary>
public sealed class ParserFileMutationTest : Mutations, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-parser-").FullName;

    public ParserFileMutationTest(ITestOutputHelper output)
        : base(output)
    {
        SpokenLanguageParserTest.LogMel().Save(folder);
        Seeds = [File.ReadAllBytes(Path.Combine(folder, "parser.json"))];
    }

    protected override IReadOnlyList<byte[]> Seeds { get; }

    // A mutant that is read makes a model.
    protected override int Count => 600;

    // Beyond the settings there is the tokenizer, and there are fresh weights.
    protected override int BytesPerByte => 4_000;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override void Parse(byte[] content)
    {
        File.WriteAllBytes(Path.Combine(folder, "parser.json"), content);
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var model = SpokenLanguageParser.Load(folder).Model;
    }
}
