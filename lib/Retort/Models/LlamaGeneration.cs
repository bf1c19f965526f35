using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>Greedy continuation of prompts by a <see cref="Llama"/>, batched, with kept keys and values.</summary>
public static class LlamaGeneration
{
    /// <summary>
    /// The likeliest token at each step, by true arg-max (the first of equals), until the end symbol. Prompts are sorted by length
    /// and padded on the left; rows that have ended leave the batch.
    /// </summary>
    /// <param name="model">the model</param>
    /// <param name="prompts">tokens of each prompt; none is empty</param>
    /// <param name="end">the end symbol</param>
    /// <param name="most">most new tokens of a row</param>
    /// <param name="noise">the noise input (prompts, U, width); null for none</param>
    /// <param name="batch">prompts at a time</param>
    /// <returns>the new tokens of each prompt, without the end symbol</returns>
    /// <exception cref="ArgumentException">A prompt is empty, or with its new tokens longer than the context.</exception>
    public static IReadOnlyList<int[]> Greedy(Llama model, IReadOnlyList<int[]> prompts, int end, int most, Tensor? noise = null, int batch = 128)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        for (var i = 0; i < prompts.Count; i++)
        {
            if (prompts[i].Length == 0 || prompts[i].Length + most > model.Settings.Context)
            {
                throw new ArgumentException($"prompt {i} of {prompts[i].Length} tokens and {most} new ones do not fit a context of {model.Settings.Context}", nameof(prompts));
            }
        }
        var results = new int[prompts.Count][];
        using var none = no_grad();
        foreach (var chunk in Enumerable.Range(0, prompts.Count).OrderBy(i => prompts[i].Length).ThenBy(i => i).Chunk(batch))
        {
            using var scope = NewDisposeScope();
            var rows = chunk;
            var longest = rows.Max(i => prompts[i].Length);
            var written = rows.ToDictionary(i => i, _ => new List<int>());
            var tokens = tensor([.. rows.SelectMany(i => Enumerable.Repeat(0L, longest - prompts[i].Length).Concat(prompts[i].Select(t => (long)t)))], [rows.Length, longest], device: model.InputEmbeddings.device);
            var given = noise?.index_select(0, tensor([.. rows.Select(i => (long)i)], device: noise.device));
            using var cache = model.NewCache([.. rows.Select(i => (long)(longest - prompts[i].Length))], longest + most);
            for (var step = 0; step < most && rows.Length > 0; step++)
            {
                using var one = NewDisposeScope();
                var best = model.Step(tokens, cache, step == 0 ? given : null).argmax(-1).cpu().data<long>().ToArray();
                var live = Enumerable.Range(0, rows.Length).Where(r => best[r] != end).ToArray();
                foreach (var r in live)
                {
                    written[rows[r]].Add((int)best[r]);
                }
                if (live.Length < rows.Length && live.Length > 0)
                {
                    cache.SelectRows(live);
                }
                rows = [.. live.Select(r => rows[r])];
                tokens = tensor([.. live.Select(r => best[r])], [live.Length, 1], device: model.InputEmbeddings.device).MoveToOuterDisposeScope();
            }
            foreach (var (i, row) in written)
            {
                results[i] = [.. row];
            }
        }
        return results;
    }

    /// <summary>Log-probability of each sequence's tokens after its first, in natural logarithms.</summary>
    /// <param name="model">the model</param>
    /// <param name="sequences">sequences of at least two tokens</param>
    /// <param name="batch">sequences at a time</param>
    public static double[] LogProbabilities(Llama model, IReadOnlyList<int[]> sequences, int batch = 128)
    {
        var results = new double[sequences.Count];
        using var none = no_grad();
        foreach (var rows in Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Length).ThenBy(i => i).Chunk(batch))
        {
            using var scope = NewDisposeScope();
            var longest = rows.Max(i => sequences[i].Length);
            var tokens = tensor([.. rows.SelectMany(i => sequences[i].Select(t => (long)t).Concat(Enumerable.Repeat(0L, longest - sequences[i].Length)))], [rows.Length, longest], device: model.InputEmbeddings.device);
            var logs = nn.functional.log_softmax(model.call(tokens, null).narrow(1, 0, longest - 1).to(float32), -1);
            var chosen = logs.gather(-1, tokens.narrow(1, 1, longest - 1).unsqueeze(-1)).squeeze(-1).cpu().data<float>().ToArray();
            for (var r = 0; r < rows.Length; r++)
            {
                for (var t = 0; t < sequences[rows[r]].Length - 1; t++)
                {
                    results[rows[r]] += chosen[r * (longest - 1) + t];
                }
            }
        }
        return results;
    }
}
