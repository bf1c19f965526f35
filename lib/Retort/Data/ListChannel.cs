using Retort.Randomness;
using Retort.Text;

namespace Retort.Data;

/// <summary>
/// N-best lists of any sentence, by a noise channel that is estimated from a recogniser's lists and what was said in them. A new sentence
/// takes the errors of known lists whose sentences are like it, one on the left and one on the right of some place: which words are wrong
/// or missing, in which of the hypotheses, and what is put in between. The wrong words are drawn again, from what the recogniser took
/// each word for. So a list has the recogniser's error rates, its bursts of lost words and the agreement of its hypotheses.
/// </summary>
public sealed class ListChannel : IResultKey
{
    private const int Compared = 32;  // known lists among which the likest sentence is looked for
    private const double Prior = 2;   // what the backoff counts as, in observations of a word
    private readonly Known[] known;
    private readonly Dictionary<string, string[]> heard = new(StringComparer.Ordinal);
    private readonly TextCorruption sounds;
    private readonly double soundShare;

    // What each hypothesis has at each word of the sentence (null: nothing), and before each word and at the end (mostly nothing).
    private sealed record Known(string[] Said, string?[][] At, string[][][] Before)
    {
        // Share of words that the best hypothesis lacks or has otherwise.
        public double Errors { get; } = Said.Zip(At).Count(p => p.First != p.Second[0]) / (double)Said.Length;
    }

    /// <param name="lists">a recogniser's lists, all with equally many hypotheses: training lists, never those of a test</param>
    /// <param name="sounds">what words sound like, for those that the lists seldom have</param>
    /// <exception cref="ArgumentException">There are no lists, or of different sizes.</exception>
    public ListChannel(IReadOnlyList<NBestList> lists, TextCorruption sounds)
    {
        if (lists.Count == 0 || lists.Any(l => l.Hypotheses.Count != lists[0].Hypotheses.Count))
        {
            throw new ArgumentException("a channel is estimated from lists of equally many hypotheses", nameof(lists));
        }
        this.sounds = sounds;
        known = [.. lists.Select(Aligned)];
        // Each wrong word counts once a place, however many hypotheses have it.
        var wrong = known.SelectMany(k => k.Said.Zip(k.At)).SelectMany(p => p.Second.Where(w => w is not null && w != p.First).Distinct().Select(w => (Word: p.First, Heard: w!))).ToArray();
        foreach (var group in wrong.GroupBy(w => w.Word, StringComparer.Ordinal))
        {
            heard[group.Key] = [.. group.Select(w => w.Heard)];
        }
        soundShare = wrong.Length == 0 ? 1 : wrong.Count(w => sounds.Knows(w.Word) && sounds.Confusions(w.Word).Contains(w.Heard)) / (double)wrong.Length;
        ResultKey = Hashing.Of(lists.SelectMany(l => l.Hypotheses.Append(l.Truth)));
    }

    /// <inheritdoc/>
    public string ResultKey { get; }

    /// <summary>A list of a sentence.</summary>
    /// <param name="sentence">what was "said"</param>
    /// <param name="draw">whose errors it takes, and what words are taken for</param>
    public NBestList List(string sentence, RandomStream draw)
    {
        var said = sentence.Split(' ');
        var compared = Enumerable.Range(0, Compared).Select(_ => draw.Pick(known)).Select(k => (Known: k, Away: EditDistance.Of<string>(k.Said, said))).ToArray();
        var like = compared.MinBy(c => c.Away).Known;
        // Another that is as hard to hear: joined at some place, so that there are more patterns than known lists.
        var other = compared.Where(c => c.Known != like).DefaultIfEmpty((Known: like, Away: 0)).MinBy(c => c.Away + 10 * Math.Abs(c.Known.Errors - like.Errors)).Known;
        // Words that are drawn may make two hypotheses equal, which a recogniser's are not.
        string[] texts = [];
        for (var attempt = 0; attempt < 8 && texts.Distinct().Count() < like.At[0].Length; attempt++)
        {
            var (left, right) = (Errors(like, said, draw), Errors(other, said, draw));
            texts = Joined(left, right, draw.Next(said.Length + 1));
        }
        return new NBestList("", [.. texts.Select(t => t.Length == 0 ? NBestList.Unknown : t)], sentence);
    }

    // Hypotheses differ in the part of one list alone, as a recogniser's differ in a place or two; there the other has its best text.
    private static string[] Joined(List<string>[][] left, List<string>[][] right, int cut)
    {
        var n = left[0].Length;
        bool Differ(IEnumerable<List<string>[]> part) => Enumerable.Range(0, n).Select(k => string.Join(' ', part.SelectMany(p => p[k]))).Distinct().Count() == n;
        var (here, there) = (Differ(left[..cut]), Differ(right[cut..]));
        (Func<int, int> Left, Func<int, int> Right, int Cut) rows = here ? (k => k, _ => 0, cut) : there ? (_ => 0, k => k, cut) : (k => k, k => k, left.Length);
        return [.. Enumerable.Range(0, n).Select(k => string.Join(' ', left[..rows.Cut].SelectMany(p => p[rows.Left(k)]).Concat(right[rows.Cut..].SelectMany(p => p[rows.Right(k)]))))];
    }

    // What each hypothesis has at each word of the sentence, with what is put in before it, and at the end.
    private List<string>[][] Errors(Known like, string[] said, RandomStream draw)
    {
        List<string>[][] texts = [.. Enumerable.Range(0, said.Length + 1).Select(_ => like.At[0].Select(_ => new List<string>()).ToArray())];
        foreach (var (kind, place, at) in EditDistance.Align<string>(like.Said, said))
        {
            if (kind != EditKind.Insertion)
            {
                Between(place, at);
            }
            if (kind != EditKind.Deletion)
            {
                // A word that the known sentence lacks has the errors of the word before it.
                var from = kind == EditKind.Insertion ? Math.Max(place - 1, 0) : place;
                var drawn = new Dictionary<string, string>(StringComparer.Ordinal) { [like.Said[from]] = said[at] };
                for (var k = 0; k < texts[at].Length; k++)
                {
                    if (like.At[from][k] is { } word)
                    {
                        texts[at][k].Add(drawn.TryGetValue(word, out var known) ? known : drawn[word] = Wrong(said[at], word, draw));
                    }
                }
            }
        }
        Between(like.Said.Length, said.Length);
        return texts;

        // Words put in before a place: mostly the word beside it once more, or what that is taken for.
        void Between(int place, int at)
        {
            (string Known, string New)[] beside = [.. new[] { (place - 1, at - 1), (place, at) }
                .Where(b => b.Item1 >= 0 && b.Item1 < like.Said.Length && b.Item2 >= 0 && b.Item2 < said.Length).Select(b => (like.Said[b.Item1], said[b.Item2]))];
            var drawn = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (word, now) in beside)
            {
                drawn.TryAdd(word, now);
            }
            string Drawn(string word)
            {
                if (!drawn.TryGetValue(word, out var now))
                {
                    var from = beside.FirstOrDefault(b => heard.TryGetValue(b.Known, out var known) && known.Contains(word));
                    drawn[word] = now = from.New is null ? word : Wrong(from.New, word, draw);
                }
                return now;
            }
            for (var k = 0; k < texts[at].Length; k++)
            {
                texts[at][k].AddRange(like.Before[place][k].Select(Drawn));
            }
        }
    }

    // What a word is taken for: as often seen, else what sounds like it, else what stood in the known list.
    private string Wrong(string word, string there, RandomStream draw)
    {
        if (heard.TryGetValue(word, out var seen) && draw.Chance(seen.Length / (seen.Length + Prior)))
        {
            return draw.Pick(seen);
        }
        if (sounds.Knows(word) && (there == word || draw.Chance(soundShare)))
        {
            return sounds.Near(word, draw);
        }
        return there;
    }

    private static Known Aligned(NBestList list)
    {
        var said = list.Truth.Split(' ');
        var n = list.Hypotheses.Count;
        string?[][] at = [.. said.Select(_ => new string?[n])];
        string[][][] before = [.. Enumerable.Range(0, said.Length + 1).Select(_ => Enumerable.Repeat(Array.Empty<string>(), n).ToArray())];
        for (var k = 0; k < n; k++)
        {
            string[] words = list.Hypotheses[k] == NBestList.Unknown ? [] : list.Hypotheses[k].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            foreach (var (kind, reference, hypothesis) in EditDistance.Align<string>(said, words))
            {
                if (kind == EditKind.Insertion)
                {
                    before[reference][k] = [.. before[reference][k], words[hypothesis]];
                }
                else if (kind != EditKind.Deletion)
                {
                    at[reference][k] = words[hypothesis];
                }
            }
        }
        return new Known(said, at, before);
    }
}
