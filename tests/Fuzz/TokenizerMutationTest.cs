using System.Text;
using Retort.Tests.Text;
using Retort.Text;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

/// <summary>Damaged tokenizer.json files; what is read must also work.</summary>
public sealed class TokenizerMutationTest : Mutations, IDisposable
{
    private readonly TemporaryFile file = new();

    public TokenizerMutationTest(ITestOutputHelper output)
        : base(output)
    {
        BpeTokenizer.Train(["a", "ab ab"], new BpeSettings { VocabularySize = 262, Level = BpeLevel.Bytes }).Save(file.Name);
        Seeds = [Encoding.UTF8.GetBytes(BpeFileTest.Characters), Encoding.UTF8.GetBytes(BpeFileTest.Prefixed), File.ReadAllBytes(file.Name)];
    }

    protected override IReadOnlyList<byte[]> Seeds { get; }

    protected override int Count => 6_000;

    public void Dispose() => file.Dispose();

    protected override void Parse(byte[] content)
    {
        File.WriteAllBytes(file.Name, content);
        // The seed of one kind has other special tokens than the others.
        var names = content.AsSpan().IndexOf("[PAD]"u8) >= 0 ? new SpecialTokens() : new SpecialTokens("u", "u", "u", "u");
        var bpe = BpeTokenizer.Load(file.Name, names);
        bpe.Decode(bpe.Encode("abab _a! ba\u00e9[PAD]"));
    }
}
