// The measures of SLURP's official scorer: Bastianelli, Vanzo, Swietojanski and Rieser, "SLURP: A Spoken Language Understanding
// Resource Package" (EMNLP 2020), section 5. Entities are matched greedily in the order of the prediction, so the order matters.

using Retort.Text;

namespace Retort.Metrics;

/// <summary>Scores predictions on SLURP as the official scorer does.</summary>
public static class SlurpScorer
{
    /// <summary>The scores of a set of predictions.</summary>
    /// <param name="gold">the annotation of each recording by its file name; fillers in lower case</param>
    /// <param name="predictions">the prediction of each recording by its file name; compared as they are, upper case counts</param>
    /// <exception cref="ArgumentException">An annotated entity has no word, so that its word error rate is undefined.</exception>
    public static SlurpScores Score(IReadOnlyDictionary<string, Meaning> gold, IReadOnlyDictionary<string, Meaning> predictions)
    {
        LabelCounts scenario = new(), action = new(), intent = new(), exact = new(), word = new(), character = new(), slu = new();
        var missing = new List<string>();
        var scored = 0;
        foreach (var (file, truth) in gold)
        {
            if (!predictions.TryGetValue(file, out var said))
            {
                missing.Add(file);
                continue;
            }
            scored++;
            scenario.Class(truth.Scenario, said.Scenario);
            action.Class(truth.Action, said.Action);
            intent.Class(truth.Intent, said.Intent);
            Exact(exact, truth.Entities, said.Entities);
            Nearest(word, truth.Entities, said.Entities, WordDistance);
            Nearest(character, truth.Entities, said.Entities, CharacterDistance);
        }
        slu.AddAll(word);
        slu.AddAll(character);
        return new SlurpScores
        {
            Scenario = scenario.Scores(),
            Action = action.Scores(),
            Intent = intent.Scores(),
            Entities = exact.Scores(),
            WordDistance = word.Scores(),
            CharacterDistance = character.Scores(),
            SluF1 = slu.Scores(),
            Scored = scored,
            NotPredicted = missing,
            Unknown = [.. predictions.Keys.Where(file => !gold.ContainsKey(file))],
        };
    }

    // Each annotated entity can be hit once.
    private static void Exact(LabelCounts counts, IReadOnlyList<Entity> gold, IReadOnlyList<Entity> said)
    {
        var left = gold.ToList();
        foreach (var entity in said)
        {
            if (left.Remove(entity))
            {
                counts.Add(entity.Type, tp: 1);
            }
            else
            {
                counts.Add(entity.Type, fp: 1);
            }
        }
        foreach (var entity in left)
        {
            counts.Add(entity.Type, fn: 1);
        }
    }

    // A predicted entity takes the nearest annotated one of its type that is left (the first of equals). It is a hit, and its
    // distance is counted as a false positive and as a false negative besides.
    private static void Nearest(LabelCounts counts, IReadOnlyList<Entity> gold, IReadOnlyList<Entity> said, Func<string, string, double> distance)
    {
        var left = gold.ToList();
        foreach (var entity in said)
        {
            var (best, lowest) = (-1, double.PositiveInfinity);
            for (var i = 0; i < left.Count; i++)
            {
                if (left[i].Type == entity.Type && distance(left[i].Filler, entity.Filler) is var d && d < lowest)
                {
                    (best, lowest) = (i, d);
                }
            }
            if (best < 0)
            {
                counts.Add(entity.Type, fp: 1);
                continue;
            }
            counts.Add(entity.Type, tp: 1, fp: lowest, fn: lowest);
            left.RemoveAt(best);
        }
        foreach (var entity in left)
        {
            counts.Add(entity.Type, fn: 1);
        }
    }

    private static double WordDistance(string gold, string said)
    {
        var words = gold.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            throw new ArgumentException("an annotated entity has no word", nameof(gold));
        }
        return (double)EditDistance.Of<string>(words, said.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) / words.Length;
    }

    private static double CharacterDistance(string gold, string said)
    {
        System.Text.Rune[] a = [.. gold.EnumerateRunes()], b = [.. said.EnumerateRunes()];
        return a.Length + b.Length == 0 ? 0 : (double)EditDistance.Of<System.Text.Rune>(a, b) / Math.Max(a.Length, b.Length);
    }
}
