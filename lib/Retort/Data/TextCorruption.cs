using Retort.Randomness;
using Retort.Text;

namespace Retort.Data;

/// <summary>
/// N-best lists from text alone: words of a sentence become unclear, and each hypothesis decides for the word or one that sounds like
/// it. What the base language model learns the task's form from; no audio, no noise labels, no sentence that is spoken.
/// </summary>
public sealed class TextCorruption
{
    private readonly Dictionary<string, string[]> confusions;
    private readonly string[] words;
    private readonly int hypotheses;

    /// <param name="words">the vocabulary</param>
    /// <param name="hypotheses">hypotheses of a list</param>
    /// <param name="neighbours">words that each may be taken for: those with the nearest phonemes</param>
    /// <exception cref="BadInputException">espeak-ng, which knows the phonemes, is missing or fails.</exception>
    public TextCorruption(IReadOnlyList<string> words, int hypotheses = 5, int neighbours = 6)
    {
        (this.words, this.hypotheses) = ([.. words], hypotheses);
        var phonemes = Phonemes.Of(this.words);
        confusions = this.words.AsParallel().ToDictionary(word => word, word => this.words.Where(other => other != word)
            .OrderBy(other => (double)EditDistance.Of<string>(phonemes[word], phonemes[other]) / Math.Max(phonemes[word].Length, phonemes[other].Length))
            .ThenBy(other => other, StringComparer.Ordinal).Take(neighbours).ToArray(), StringComparer.Ordinal);
    }

    /// <summary>The words that a word may be taken for, the most alike first.</summary>
    public IReadOnlyList<string> Confusions(string word) => confusions[word];

    // Whether a word is of the vocabulary.
    internal bool Knows(string word) => confusions.ContainsKey(word);

    // A word that another may be taken for; the nearest are met most often.
    internal string Near(string word, RandomStream draw)
    {
        var near = confusions[word];
        return near[Math.Min((int)(-2 * Math.Log(1 - draw.NextDouble())), near.Length - 1)];
    }

    /// <summary>A list of a sentence.</summary>
    /// <param name="sentence">what was "said"</param>
    /// <param name="draw">how unclear it is, and what each hypothesis takes it for</param>
    public NBestList List(string sentence, RandomStream draw)
    {
        var rate = draw.Uniform(0, 0.45);
        // For each word its alternatives with their weights; null is silence.
        var places = sentence.Split(' ').Select(word =>
        {
            if (!draw.Chance(rate))
            {
                return new (string? Word, double Weight)[] { (word, 1) };
            }
            var alternatives = new List<(string?, double)> { (word, draw.Gamma(1.5)) };
            for (var i = draw.Next(1, 3); i > 0; i--)
            {
                alternatives.Add((Near(word, draw), draw.Gamma(1)));
            }
            if (draw.Chance(0.15))
            {
                alternatives.Add((null, draw.Gamma(1)));
            }
            if (draw.Chance(0.1))
            {
                alternatives.Add(($"{word} {draw.Pick(words)}", draw.Gamma(0.7)));
            }
            // Sometimes no hypothesis has the word at all.
            return [.. draw.Chance(0.12) ? alternatives.Skip(1) : alternatives];
        }).ToArray();
        (string Text, double Score) Hypothesis(bool best)
        {
            var (said, score) = (new List<string>(), 0.0);
            foreach (var place in places)
            {
                var total = place.Sum(p => p.Weight);
                var limit = draw.NextDouble() * total;
                var chosen = best ? place.MaxBy(p => p.Weight) : place.FirstOrDefault(p => (limit -= p.Weight) < 0, place[^1]);
                score += Math.Log(chosen.Weight / total);
                if (chosen.Word is not null)
                {
                    said.Add(chosen.Word);
                }
            }
            return (string.Join(' ', said), score);
        }
        var found = Enumerable.Range(0, 3 * hypotheses).Select(i => Hypothesis(i == 0)).ToArray();
        var (texts, scores) = NBestList.Fill(found, hypotheses, draw);
        return new NBestList("", texts, sentence) { Scores = scores };
    }
}
