using Retort.Randomness;

namespace Retort.Text;

/// <summary>
/// Byte pair encoding, trained here or read from a Hugging Face tokenizer.json. Dropout of merges is for training only and is
/// asked for at the call; the published SLU code has it in the tokenizer and so also in its evaluation.
/// </summary>
public sealed class BpeTokenizer : Tokenizer
{
    private readonly BpeParts parts;
    private readonly string[] marks;

    internal BpeTokenizer(BpeParts parts, SpecialTokens special)
        : base(parts.Tokens, special, parts.Skipped)
    {
        this.parts = parts;
        marks = [.. parts.Added.OrderByDescending(token => token.Length).ThenBy(token => token, StringComparer.Ordinal)];
    }

    /// <summary>The dropout that the file asks for, 0 for none. <see cref="Encode(string)"/> does not use it.</summary>
    public double FileDropout => parts.Dropout;

    /// <summary>Learns merges from texts: the most frequent pair of neighbours within words first, of equals the one with the smaller ids.</summary>
    /// <param name="texts">the texts to train on; their order does not matter</param>
    /// <param name="settings">null for the paper's</param>
    /// <exception cref="ArgumentException">The vocabulary is too small for the alphabet.</exception>
    public static BpeTokenizer Train(IEnumerable<string> texts, BpeSettings? settings = null)
    {
        settings ??= new BpeSettings();
        var (tokens, merges) = BpeTrainer.Train(texts, settings);
        var characters = settings.Level == BpeLevel.Characters;
        var parts = new BpeParts
        {
            Tokens = tokens,
            Added = [.. settings.Special.All.Distinct()],
            Skipped = [],
            Words = characters ? PreTokenizer.Whitespace : PreTokenizer.ByteLevel,
            Decoder = characters ? BpeDecoder.EndOfWord : BpeDecoder.Bytes,
            DecoderSuffix = characters ? settings.EndOfWord : "",
            Model = new BpeModel
            {
                Vocabulary = tokens.Select((token, id) => (token, id)).ToDictionary(p => p.token, p => p.id, StringComparer.Ordinal),
                Merges = merges,
                EndOfWord = characters ? settings.EndOfWord : "",
                Unknown = settings.Special.Unknown,
            },
        };
        return parts.Model.Prepare() is { } bad ? throw new InvalidOperationException($"merge {bad.Merge}: {bad.What}") : new BpeTokenizer(parts, settings.Special);
    }

    /// <summary>
    /// Reads a tokenizer.json of the Hugging Face tokenizers library whose model is BPE, with the pre-tokenizers Whitespace,
    /// WhitespaceSplit or ByteLevel or none; and those of the LLaMA family: spaces as a sign with byte fallback (LLaMA, LLaMA-2,
    /// TinyLlama), or a pattern before bytes (Llama 3). Its post-processor, truncation and padding are for batches and not applied.
    /// </summary>
    /// <param name="path">the file</param>
    /// <param name="special">the file's names of the special tokens; null for the defaults. Two roles may have one name.</param>
    /// <exception cref="BadInputException">The file is damaged, contradicts itself, lacks a special token, or asks for what is not supported here.</exception>
    public static BpeTokenizer Load(string path, SpecialTokens? special = null) => BpeFile.Read(path, special ?? new SpecialTokens());

    /// <summary>Reads the older pair of files, vocab.json and merges.txt, in which GPT-2's and BART's bytes are spelled.</summary>
    /// <param name="vocabulary">an object from token to id</param>
    /// <param name="merges">a merge a line, two tokens apart by a space, the first one first; a line "#version" before them is passed over</param>
    /// <param name="special">the names of the special tokens; null for BART's</param>
    /// <exception cref="BadInputException">A file is damaged, contradicts the other, or lacks a special token.</exception>
    public static BpeTokenizer LoadVocabularyAndMerges(string vocabulary, string merges, SpecialTokens? special = null) => BpeFile.Read(vocabulary, merges, special ?? Bart);

    /// <summary>BART's names of the special tokens.</summary>
    public static SpecialTokens Bart { get; } = new("<pad>", "<unk>", "<s>", "</s>");

    /// <summary>Writes a tokenizer.json, which <see cref="Load"/> and the Hugging Face library read.</summary>
    /// <param name="path">where to; replaced only when the new file is whole</param>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public void Save(string path) => BpeFile.Write(path, parts, Special);

    /// <inheritdoc/>
    public override int[] Encode(string text) => Spell(text, null, 0);

    /// <summary>The ids of the text with merges left out at random (BPE-dropout), for training.</summary>
    /// <param name="text">the text</param>
    /// <param name="draw">decides; name it by sample and epoch</param>
    /// <param name="dropout">with which probability a merge is left out each time it is considered: 0 is plain encoding, 1 spells by symbols</param>
    /// <exception cref="ArgumentOutOfRangeException">The dropout is not between 0 and 1.</exception>
    public int[] Encode(string text, RandomStream draw, double dropout = 0.1)
    {
        ArgumentNullException.ThrowIfNull(draw);
        return dropout is >= 0 and <= 1 ? Spell(text, dropout > 0 ? draw : null, dropout)
            : throw new ArgumentOutOfRangeException(nameof(dropout), dropout, "expected a probability");
    }

    private int[] Spell(string text, RandomStream? draw, double dropout)
    {
        var ids = new List<int>();
        var from = 0;
        // Special tokens in the text are taken out first, the longest at each place.
        for (var at = 0; at < text.Length;)
        {
            var mark = Array.Find(marks, m => string.CompareOrdinal(text, at, m, 0, m.Length) == 0);
            if (mark is null)
            {
                at++;
                continue;
            }
            Words(text[from..at]);
            ids.Add(IdOf(mark)!.Value);
            from = at += mark.Length;
        }
        Words(text[from..]);
        return [.. ids];

        void Words(string piece)
        {
            if (parts.Llama is { } llama)
            {
                foreach (var word in llama.Words(llama.Normalise(piece)))
                {
                    parts.Model.Encode(llama.Split is null ? word : VisibleBytes.Write(word), ids, draw, dropout);
                }
                return;
            }
            if (parts.AddPrefixSpace && piece.Length > 0 && !char.IsWhiteSpace(piece[0]))
            {
                piece = " " + piece;
            }
            foreach (var word in PreTokenizers.Words(piece, parts.Words))
            {
                parts.Model.Encode(parts.Words == PreTokenizer.ByteLevel ? VisibleBytes.Write(word) : word, ids, draw, dropout);
            }
        }
    }

    private protected override string Join(IReadOnlyList<string> tokens) => parts.Llama is { Pieces: true } llama ? llama.Join(tokens) : parts.Decoder switch
    {
        BpeDecoder.Bytes => VisibleBytes.Read(tokens),
        BpeDecoder.EndOfWord => string.Concat(tokens.Select((token, i) => token.Replace(parts.DecoderSuffix, i + 1 < tokens.Count ? " " : "", StringComparison.Ordinal))),
        _ => string.Join(' ', tokens),
    };
}
