// Prefix beam search of CTC (Graves 2012; Hannun et al. 2014): the probabilities of all paths to one prefix are added up.

using Retort.Randomness;
using static TorchSharp.torch;

namespace Retort.Decoding;

/// <summary>One decoded sequence of CTC.</summary>
/// <param name="Tokens">its symbols</param>
/// <param name="LogProbability">log of the sum of the probabilities of the paths that the search followed</param>
public sealed record CtcHypothesis(IReadOnlyList<int> Tokens, double LogProbability);

/// <summary>N-best lists from CTC's frame probabilities.</summary>
public static class PrefixBeamSearch
{
    private sealed class Node(Node? parent, int token)
    {
        private Dictionary<int, Node>? children;

        public Node? Parent => parent;

        public int Token => token;

        /// <summary>Log-probabilities of the paths to this prefix that end in a blank, and of those that end in its last symbol.</summary>
        public double Blank = double.NegativeInfinity, Symbol = double.NegativeInfinity;

        public double NextBlank, NextSymbol;

        public int Frame = -1;

        public double Total => LogSum(Blank, Symbol);

        public Node Child(int next)
        {
            children ??= [];
            if (!children.TryGetValue(next, out var child))
            {
                children[next] = child = new Node(this, next);
            }
            return child;
        }
    }

    /// <summary>The likeliest symbol sequences of one utterance, best first.</summary>
    /// <param name="logProbabilities">frames times symbols values: log-probabilities</param>
    /// <param name="symbols">number of symbols, the blank counted</param>
    /// <param name="frames">frames that are valid</param>
    /// <param name="beams">prefixes kept at each frame</param>
    /// <param name="perFrame">symbols that may extend a prefix at each frame, the likeliest; 0 for all</param>
    /// <param name="blank">number of the blank</param>
    /// <exception cref="ArgumentException">A value is no number, or the values are not as many as said.</exception>
    public static IReadOnlyList<CtcHypothesis> Decode(ReadOnlySpan<float> logProbabilities, int symbols, int frames, int beams = 20, int perFrame = 0, int blank = 0)
    {
        if (symbols < 1 || frames < 0 || (long)frames * symbols > logProbabilities.Length || blank < 0 || blank >= symbols || beams < 1)
        {
            throw new ArgumentException($"{frames} frames of {symbols} symbols, blank {blank}, {beams} beams: {logProbabilities.Length} values do not fit", nameof(logProbabilities));
        }
        var root = new Node(null, blank) { Blank = 0 };
        List<Node> live = [root], next = [];
        var order = new int[symbols];
        var keys = new float[symbols];
        for (var t = 0; t < frames; t++)
        {
            var row = logProbabilities.Slice(t * symbols, symbols);
            var count = Candidates(row, perFrame, blank, order, keys, t);
            next.Clear();
            foreach (var node in live)
            {
                var total = node.Total;
                Reach(node, next, t);
                node.NextBlank = LogSum(node.NextBlank, total + row[blank]);
                if (node.Parent is not null)
                {
                    node.NextSymbol = LogSum(node.NextSymbol, node.Symbol + row[node.Token]);
                }
                for (var c = 0; c < count; c++)
                {
                    var symbol = order[c];
                    // After itself a symbol is a new one only behind a blank.
                    var from = node.Parent is not null && symbol == node.Token ? node.Blank : total;
                    if (double.IsNegativeInfinity(from))
                    {
                        continue;
                    }
                    var child = node.Child(symbol);
                    Reach(child, next, t);
                    child.NextSymbol = LogSum(child.NextSymbol, from + row[symbol]);
                }
            }
            foreach (var node in live)
            {
                (node.Blank, node.Symbol) = (double.NegativeInfinity, double.NegativeInfinity);
            }
            foreach (var node in next)
            {
                (node.Blank, node.Symbol) = (node.NextBlank, node.NextSymbol);
            }
            live = [.. next.Where(n => n.Total > double.NegativeInfinity).OrderByDescending(n => n.Total).Take(beams)];
            foreach (var dropped in next.Except(live))
            {
                (dropped.Blank, dropped.Symbol) = (double.NegativeInfinity, double.NegativeInfinity);
            }
        }
        return [.. live.OrderByDescending(n => n.Total).Select(n => new CtcHypothesis(Tokens(n), n.Total))];
    }

    /// <summary>The same for a batch, on all cores.</summary>
    /// <param name="logProbabilities">(B, T, V), log-probabilities</param>
    /// <param name="frames">valid frames of each row; null if all are</param>
    /// <param name="beams">prefixes kept at each frame</param>
    /// <param name="perFrame">symbols that may extend a prefix at each frame; 0 for all</param>
    /// <param name="blank">number of the blank</param>
    public static IReadOnlyList<IReadOnlyList<CtcHypothesis>> Decode(Tensor logProbabilities, IReadOnlyList<long>? frames, int beams = 20, int perFrame = 0, int blank = 0)
    {
        int batch = (int)logProbabilities.shape[0], length = (int)logProbabilities.shape[1], symbols = (int)logProbabilities.shape[2];
        if (frames is not null && (frames.Count != batch || frames.Any(n => n < 0 || n > length)))
        {
            throw new ArgumentException($"lengths ({string.Join(", ", frames)}) do not fit {batch} rows of {length} frames", nameof(frames));
        }
        using var dense = logProbabilities.detach().to(float32).cpu().contiguous();
        var values = dense.data<float>().ToArray();
        var results = new IReadOnlyList<CtcHypothesis>[batch];
        Parallel.For(0, batch, b => results[b] = Decode(values.AsSpan(b * length * symbols, length * symbols), symbols, (int)(frames?[b] ?? length), beams, perFrame, blank));
        return results;
    }

    private static void Reach(Node node, List<Node> next, int frame)
    {
        if (node.Frame != frame)
        {
            (node.Frame, node.NextBlank, node.NextSymbol) = (frame, double.NegativeInfinity, double.NegativeInfinity);
            next.Add(node);
        }
    }

    private static int Candidates(ReadOnlySpan<float> row, int perFrame, int blank, int[] order, float[] keys, int frame)
    {
        var count = 0;
        for (var s = 0; s < row.Length; s++)
        {
            if (float.IsNaN(row[s]) || row[s] > 1e-3f)
            {
                throw new ArgumentException($"frame {frame}, symbol {s}: {row[s]} is no log-probability", nameof(row));
            }
            if (s != blank)
            {
                (order[count], keys[count++]) = (s, -row[s]);
            }
        }
        if (perFrame <= 0 || perFrame >= count)
        {
            return count;
        }
        Array.Sort(keys, order, 0, count);
        return perFrame;
    }

    private static int[] Tokens(Node? node)
    {
        var tokens = new List<int>();
        for (; node?.Parent is not null; node = node.Parent)
        {
            tokens.Add(node.Token);
        }
        tokens.Reverse();
        return [.. tokens];
    }

    private static double LogSum(double a, double b)
    {
        var (high, low) = a > b ? (a, b) : (b, a);
        return double.IsNegativeInfinity(low) ? high : high + Math.Log(1 + Math.Exp(low - high));
    }

    /// <summary>One path, each frame's symbol drawn by its probability; blanks and repeated symbols are taken out. The blank is symbol 0.</summary>
    /// <param name="logProbabilities">frames times symbols values: log-probabilities</param>
    /// <param name="symbols">number of symbols, the blank counted</param>
    /// <param name="draw">draws the symbols</param>
    /// <param name="temperature">log-probabilities are divided by it, in drawing alone</param>
    /// <returns>the sequence, and the path's log-probability</returns>
    public static CtcHypothesis Sample(ReadOnlySpan<float> logProbabilities, int symbols, RandomStream draw, double temperature = 1)
    {
        var (tokens, last, score) = (new List<int>(), 0, 0.0);
        for (var t = 0; t < logProbabilities.Length / symbols; t++)
        {
            var row = logProbabilities.Slice(t * symbols, symbols);
            double total = 0, limit = draw.NextDouble();
            foreach (var value in row)
            {
                total += Math.Exp(value / temperature);
            }
            var (chosen, sum) = (0, 0.0);
            for (var s = 0; s < row.Length && sum <= limit; s++)
            {
                sum += Math.Exp(row[s] / temperature) / total;
                chosen = s;
            }
            score += row[chosen];
            if (chosen != 0 && chosen != last)
            {
                tokens.Add(chosen);
            }
            last = chosen;
        }
        return new CtcHypothesis(tokens, score);
    }
}
