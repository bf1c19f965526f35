using Retort.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>What a training step is given, and where it leaves what it measured.</summary>
public sealed class StepContext
{
    private readonly long seed;
    private readonly Dictionary<string, double> numbers = [];
    private readonly Dictionary<string, Tensor> tensors = [];

    internal StepContext(long seed, long step, int[] batch, bool logged) => (this.seed, Step, Batch, Logged) = (seed, step, batch, logged);

    /// <summary>The step, counted from 0.</summary>
    public long Step { get; }

    /// <summary>The numbers of the samples.</summary>
    public int[] Batch { get; }

    /// <summary>Whether this step's measurements are kept: what costs time to measure is measured only then.</summary>
    public bool Logged { get; }

    /// <summary>Random numbers of this step, for a purpose and, if given, a sample.</summary>
    public RandomStream Random(string purpose, string id = "") => Randomness.RandomStream.Of(seed, purpose, id, Step);

    /// <summary>Keeps a number under a name.</summary>
    public void Measure(string name, double value) => numbers[name] = value;

    /// <summary>Keeps a scalar tensor under a name; it is read only if the step is logged.</summary>
    public void Measure(string name, Tensor value) => tensors[name] = value.detach();

    internal Dictionary<string, double> Values()
    {
        var values = new Dictionary<string, double>(numbers);
        foreach (var (name, value) in tensors)
        {
            values[name] = value.ToDouble();
        }
        return values;
    }
}
