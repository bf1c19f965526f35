// The best evaluations' weights, in the run's folder or in memory. A file is removed only once no checkpoint that is kept
// names it: a run killed between the two still finds every file of its list.

using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

internal sealed class BestWeights(string? folder) : IDisposable
{
    private readonly Dictionary<long, Dictionary<string, Tensor>> memory = [];

    /// <summary>Keeps the model's weights if the list names this step, and forgets what it no longer names.</summary>
    public void Keep(nn.Module model, TrainState state)
    {
        if (state.Best.Any(b => b.Step == state.Step))
        {
            if (folder is null)
            {
                memory[state.Step] = StateDict.Copy(model);
            }
            else
            {
                Directory.CreateDirectory(folder);
                SafeTensors.Save(File(state.Step), model.state_dict().Select(p => (p.Key, p.Value)), new Dictionary<string, string> { ["step"] = $"{state.Step}" });
            }
        }
        foreach (var step in memory.Keys.Except(state.Best.Select(b => b.Step)).ToArray())
        {
            StateDict.Dispose(memory[step]);
            memory.Remove(step);
        }
    }

    /// <summary>Removes the files that none of these states names.</summary>
    public void Prune(IEnumerable<TrainState> states)
    {
        if (folder is null || !Directory.Exists(folder))
        {
            return;
        }
        var named = states.SelectMany(s => s.Best).Select(b => File(b.Step)).ToHashSet();
        foreach (var file in Directory.EnumerateFiles(folder, "step-*.safetensors").Where(f => !named.Contains(f)).ToArray())
        {
            System.IO.File.Delete(file);
        }
    }

    /// <summary>The weights of an entry; in memory they are ours, from a file the current dispose scope's.</summary>
    public Dictionary<string, Tensor> Load(BestEntry entry) => folder is null ? memory[entry.Step] : SafeTensors.Load(File(entry.Step));

    public void Dispose()
    {
        foreach (var weights in memory.Values)
        {
            StateDict.Dispose(weights);
        }
        memory.Clear();
    }

    private string File(long step) => Path.Combine(folder!, $"step-{step:D12}.safetensors");
}
