using Retort.Data;
using Retort.Text;

namespace Retort.Papers.Ger;

/// <summary>
/// The prompt of generative error correction: the best hypothesis, the others, and the place of the answer. The published one has an
/// instruction and headings in words; any template with <c>{best}</c> and <c>{others}</c> can be given.
/// </summary>
public sealed class GerPrompt
{
    private readonly Func<NBestList, string> text;
    private readonly bool bos;

    private GerPrompt(Tokenizer tokenizer, Func<NBestList, string> text, bool bos) => (Tokenizer, this.text, this.bos) = (tokenizer, text, bos);

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The short prompt of the synthetic experiment: one token for each heading.</summary>
    public static GerPrompt Short(Tokenizer tokenizer) => new(tokenizer,
        list => $"[BEST] {list.Hypotheses[0]} {string.Concat(list.Hypotheses.Skip(1).Select(h => $"[OTHER] {h} "))}[RESPONSE]", bos: false);

    /// <summary>A template of ours in the published layout. An adapter works with the words that it was tuned with: give a published one its own.</summary>
    public const string Template = "A speech recogniser gave these texts for one recording. Write what was said: correct the best text, with words of the other ones."
        + "\n\n### Best-hypothesis:\n{best}\n\n### Other-hypothesis:\n{others}\n\n### Response:\n";

    /// <summary>
    /// A prompt by a template, each hypothesis with a full stop and the others joined by spaces, as the published data have it.
    /// </summary>
    /// <param name="tokenizer">the language model's tokenizer</param>
    /// <param name="template">a text with {best} and {others}</param>
    /// <param name="bos">whether the start symbol comes first: as the base model or adapter was tuned; the published was tuned without</param>
    /// <exception cref="ArgumentException">The template lacks one of the two places.</exception>
    public static GerPrompt Of(Tokenizer tokenizer, string template, bool bos = false)
    {
        if (!template.Contains("{best}", StringComparison.Ordinal) || !template.Contains("{others}", StringComparison.Ordinal))
        {
            throw new ArgumentException("a template has {best} and {others}", nameof(template));
        }
        return new GerPrompt(tokenizer, list => template.Replace("{best}", list.Hypotheses[0] + ".", StringComparison.Ordinal)
            .Replace("{others}", string.Join(' ', list.Hypotheses.Skip(1).Select(h => h + ".")), StringComparison.Ordinal), bos);
    }

    /// <summary>The prompt as text.</summary>
    public string Text(NBestList list) => text(list);

    /// <summary>The prompt's tokens.</summary>
    public int[] Encode(NBestList list) => [.. bos ? [Tokenizer.StartId] : Array.Empty<int>(), .. Tokenizer.Encode(text(list))];

    /// <summary>The tokens of prompt, answer and end symbol, and how many are the prompt's.</summary>
    public (int[] Tokens, int Prompt) EncodeWithAnswer(NBestList list)
    {
        var prompt = Encode(list);
        return ([.. prompt, .. Tokenizer.Encode(list.Truth), Tokenizer.EndId], prompt.Length);
    }
}
