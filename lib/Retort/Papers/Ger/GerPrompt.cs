using System.Security.Cryptography;
using System.Text;
using Retort.Data;
using Retort.Text;

namespace Retort.Papers.Ger;

/// <summary>
/// The prompt of generative error correction: the best hypothesis, the others, and the place of the answer. The published one has an
/// instruction and headings in words; any template with <c>{best}</c> and <c>{others}</c> can be given. Lists of RobustHP bring theirs as tokens.
/// </summary>
public sealed class GerPrompt
{
    /// <summary>SHA-256 of the published template (HyPoradise, H2T-LoRA.json, prompt_h2t_nbest; RobustGER's data have the same), which is not part of this library.</summary>
    internal const string PublishedHash = "08af68067eb5a021f92d737e66a07a93bd2568a48207b9c7f0edb2f604f0aaea";

    private readonly Func<NBestList, string> text;
    private readonly Func<NBestList, int[]> answer;
    private readonly bool bos, anew;

    private GerPrompt(Tokenizer tokenizer, Func<NBestList, string> text, Func<NBestList, int[]> answer, bool bos, bool anew) =>
        (Tokenizer, this.text, this.answer, this.bos, this.anew) = (tokenizer, text, answer, bos, anew);

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Names the task of writing what was said, for a base that has learned to copy as well (<see cref="GerBaseSettings.CorrectShare"/>).</summary>
    public const string Task = "[CORRECT]";

    /// <summary>The short prompt of the synthetic experiment: one token for each heading; the answer is encoded apart.</summary>
    /// <param name="tokenizer">the experiment's words</param>
    /// <param name="task">named before the last heading (<see cref="Task"/>); null as GER has it</param>
    public static GerPrompt Short(Tokenizer tokenizer, string? task = null)
    {
        var last = task is null ? "[RESPONSE]" : $"{task} [RESPONSE]";
        string Text(NBestList list) => $"[BEST] {list.Hypotheses[0]} {string.Concat(list.Hypotheses.Skip(1).Select(h => $"[OTHER] {h} "))}{last}";
        return new(tokenizer, Text, list => [.. tokenizer.Encode(Text(list)), .. tokenizer.Encode(list.Truth)], bos: false, anew: true);
    }

    /// <summary>A template of ours in the published layout. An adapter works with the words that it was tuned with: give a published one its own.</summary>
    public const string Template = "A speech recogniser gave these texts for one recording. Write what was said: correct the best text, with words of the other ones."
        + "\n\n### Best-hypothesis:\n{best}\n\n### Other-hypothesis:\n{others}\n\n### Response:\n";

    /// <summary>
    /// A prompt by a template, each hypothesis with a full stop and the others joined by spaces, as the published data have it.
    /// </summary>
    /// <param name="tokenizer">the language model's tokenizer</param>
    /// <param name="template">a text with {best} and {others}</param>
    /// <param name="bos">whether the start symbol comes first: as the base model or adapter was tuned; the published was tuned without</param>
    /// <param name="anew">whether texts are encoded also where a list brings its tokens (<see cref="NBestList.PromptTokens"/>)</param>
    /// <exception cref="ArgumentException">The template lacks one of the two places.</exception>
    public static GerPrompt Of(Tokenizer tokenizer, string template, bool bos = false, bool anew = false)
    {
        if (!template.Contains("{best}", StringComparison.Ordinal) || !template.Contains("{others}", StringComparison.Ordinal))
        {
            throw new ArgumentException("a template has {best} and {others}", nameof(template));
        }
        string Text(NBestList list) => template.Replace("{best}", list.Hypotheses[0] + ".", StringComparison.Ordinal)
            .Replace("{others}", string.Join(' ', list.Hypotheses.Skip(1).Select(h => h + ".")), StringComparison.Ordinal);
        // One text, as published: a tokenizer may encode a word behind a line's end otherwise than at a text's beginning.
        return new GerPrompt(tokenizer, Text, list => tokenizer.Encode(Text(list) + list.Truth), bos, anew);
    }

    /// <summary>The prompt as text.</summary>
    public string Text(NBestList list) => text(list);

    /// <summary>Whether this list's own tokens are its prompt.</summary>
    internal bool TakesTokensOf(NBestList list) => !anew && list.PromptTokens is not null;

    /// <summary>The prompt's tokens: the list's own where it brings some, else its text's.</summary>
    /// <exception cref="ArgumentException">The list's own tokens are not of this tokenizer.</exception>
    public int[] Encode(NBestList list) => !TakesTokensOf(list) ? Encoded(tokens: Tokenizer.Encode(text(list)))
        : WhyNot(list) is { } problem ? throw new ArgumentException($"list {list.Id} {problem}", nameof(list)) : list.PromptTokens!;

    /// <summary>The tokens of prompt, answer and end symbol, and how many are the prompt's.</summary>
    /// <exception cref="ArgumentException">The list's own tokens are not of this tokenizer, or those of its answer are lacking.</exception>
    public (int[] Tokens, int Prompt) EncodeWithAnswer(NBestList list)
    {
        var prompt = Encode(list);
        return (!TakesTokensOf(list) ? Encoded([.. answer(list), Tokenizer.EndId])
            : [.. prompt, .. list.AnswerTokens ?? throw new ArgumentException($"list {list.Id} brings tokens of its prompt and none of its answer", nameof(list))], prompt.Length);
    }

    /// <summary>Why a list's own tokens cannot be of this tokenizer; null if they can.</summary>
    internal string? WhyNot(NBestList list)
    {
        if (!TakesTokensOf(list))
        {
            return null;
        }
        var tokens = list.PromptTokens!.Concat(list.AnswerTokens ?? []).ToArray();
        if (tokens.Max() is var most && most >= Tokenizer.Count)
        {
            return $"brings token {most}, and the tokenizer has {Tokenizer.Count}: its tokens are of another model; encode it anew";
        }
        static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();
        var read = Tokenizer.Decode(list.PromptTokens!);
        return Letters(read).Contains(Letters(list.Hypotheses[0]), StringComparison.Ordinal) ? null
            : $"brings tokens that read \"{JsonLines.Short(read)}\" and not its best text \"{JsonLines.Short(list.Hypotheses[0])}\": its tokens are of another model; encode it anew";
    }

    /// <summary>Which template a text is: the published one, told by its hash, ours, or another. Ends of lines are put right first.</summary>
    /// <param name="template">the text</param>
    /// <param name="published">hash of the published one</param>
    internal static (string Template, string Name) Recognise(string template, string published = PublishedHash)
    {
        var plain = template.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n') + "\n";
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(plain))).ToLowerInvariant();
        return hash == published ? (plain, "the published template") : template == Template ? (template, "this library's template") : (template, $"a template of the user's (SHA-256 {hash[..12]}...), not the published one");
    }

    private int[] Encoded(int[] tokens) => [.. bos ? [Tokenizer.StartId] : Array.Empty<int>(), .. tokens];
}
