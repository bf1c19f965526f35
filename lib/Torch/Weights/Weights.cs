using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>Puts weights from files into modules.</summary>
public static class Weights
{
    /// <summary>The weights of a safetensors file or of a file of torch.save, told apart by their content.</summary>
    /// <param name="path">the file</param>
    /// <exception cref="BadInputException">As for <see cref="SafeTensors.Load"/> and <see cref="PyTorchFile.LoadStateDict"/>.</exception>
    public static Dictionary<string, Tensor> Read(string path)
    {
        Span<byte> head = stackalloc byte[9];
        int read;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
        // A safetensors header is JSON from byte 8 on; neither of PyTorch's formats has a brace there.
        return read == head.Length && head[8] == (byte)'{' ? SafeTensors.Load(path) : PyTorchFile.LoadStateDict(path);
    }

    /// <summary>
    /// Copies weights into the module's parameters and buffers of the same names, converting dtype and device. All names and
    /// shapes are compared before the first copy, so that a module is never half loaded. Where names begin with "module.", "model."
    /// or "net.", as wrappers of a model leave them, and fit better without, they are taken without, and the report says so.
    /// </summary>
    /// <param name="module">the module to fill</param>
    /// <param name="weights">tensors by the module's state_dict keys</param>
    /// <param name="strict">whether a missing, unexpected or misshapen weight is an error; if not, what fits is loaded</param>
    /// <param name="source">what to call the weights in an error: their file</param>
    /// <returns>What was loaded, missing, unexpected and misshapen.</returns>
    /// <exception cref="BadInputException">With <paramref name="strict"/>: all that does not fit, at once.</exception>
    public static LoadReport Load(
        nn.Module module, IReadOnlyDictionary<string, Tensor> weights, bool strict = true, string source = "weights")
    {
        var state = module.state_dict();
        var prefix = PrefixOf(state, weights.Keys);
        if (prefix.Length > 0)
        {
            weights = Without(prefix, weights);
        }
        var loaded = new List<string>();
        var missing = new List<string>();
        var misshapen = new List<MisshapenTensor>();
        foreach (var (name, target) in state)
        {
            if (!weights.TryGetValue(name, out var weight))
            {
                missing.Add(name);
            }
            else if (!target.shape.AsSpan().SequenceEqual(weight.shape))
            {
                misshapen.Add(new MisshapenTensor(name, target.shape, weight.shape));
            }
            else
            {
                loaded.Add(name);
            }
        }
        var unexpected = weights.Keys.Where(name => !state.ContainsKey(name)).Order(StringComparer.Ordinal).ToArray();
        var report = new LoadReport(loaded, missing, unexpected, misshapen, prefix, [.. loaded.Where(name => HasNaN(weights[name]))]);
        if (strict && !report.IsComplete)
        {
            throw new BadInputException(source, "", $"the weights do not fit the module: {report}");
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var name in loaded)
        {
            state[name].copy_(weights[name]);
        }
        return report;
    }

    private static readonly string[] Prefixes = ["module.", "model.", "net."];

    // Wrappers stand in one another: module.model. has two.
    private static string PrefixOf(Dictionary<string, Tensor> state, IEnumerable<string> names)
    {
        var all = names.ToList();
        int Fit(string prefix) => all.Count(name => name.StartsWith(prefix, StringComparison.Ordinal) && state.ContainsKey(name[prefix.Length..]));
        var (best, most) = ("", Fit(""));
        foreach (var first in Prefixes)
        {
            foreach (var prefix in Prefixes.Select(second => first + second).Prepend(first))
            {
                if (Fit(prefix) is var fit && fit > most)
                {
                    (best, most) = (prefix, fit);
                }
            }
        }
        return best;
    }

    // A name that has no such prefix stays as it is, unless it would hide one that had.
    private static Dictionary<string, Tensor> Without(string prefix, IReadOnlyDictionary<string, Tensor> weights)
    {
        var renamed = weights.Where(w => w.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(w => w.Key[prefix.Length..], w => w.Value, StringComparer.Ordinal);
        foreach (var (name, weight) in weights)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
            {
                renamed.TryAdd(name, weight);
            }
        }
        return renamed;
    }

    private static bool HasNaN(Tensor weight)
    {
        if (!weight.is_floating_point())
        {
            return false;
        }
        using var scope = NewDisposeScope();
        return weight.isnan().any().ToBoolean();
    }
}
