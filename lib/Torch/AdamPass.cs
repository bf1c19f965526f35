// Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1, and Loshchilov and Hutter, "Decoupled weight decay
// regularization" (2019), in PyTorch's arrangement.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>
/// Adam's update of one parameter in one pass over memory, where operator by operator it takes nine. With w the weight, g the
/// gradient, m and v the averages of gradients and of their squares:
/// w = Keep w; g = Factor g + Decay w; m = Beta1 m + (1 - Beta1) g; v = Beta2 v + (1 - Beta2) g²; w = w + Rate m / (√v / Root + Epsilon).
/// Every product and sum is rounded to float32 by itself, so the bits depend neither on the processor nor on the number of threads.
/// </summary>
/// <param name="Beta1">weight of the former average of gradients</param>
/// <param name="Beta2">weight of the former average of squares</param>
/// <param name="Epsilon">added to the root</param>
/// <param name="Rate">of this step, below zero to descend: -rate / (1 - Beta1^t) where the first average is to be corrected</param>
/// <param name="Root">√(1 - Beta2^t), which corrects the second average</param>
public sealed record AdamPass(double Beta1, double Beta2, double Epsilon, double Rate, double Root)
{
    // Elements a worker takes at a time; below two of these the work is done where it stands.
    private const int Portion = 1 << 17;

    /// <summary>What the gradient is multiplied by: below one to clip it, -1 to climb.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Weight decay that is added to the gradient.</summary>
    public double Decay { get; init; }

    /// <summary>What the weight is multiplied by beforehand: 1 - rate times decay where that is decoupled.</summary>
    public double Keep { get; init; } = 1;

    /// <summary>Whether a pass can be run over these tensors: float32 on the CPU, each in one piece, without a lazy conjugate or sign.</summary>
    public static bool Fits(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            if (tensor.dtype != ScalarType.Float32 || tensor.device_type != DeviceType.CPU || !tensor.is_contiguous() || tensor.is_neg())
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Updates weight, mean and square in place. Autograd is not told: call it where the weight's version does not matter, or count it up.</summary>
    /// <param name="weight">of any shape; all four as <see cref="Fits"/> wants them</param>
    /// <param name="gradient">as many elements</param>
    /// <param name="mean">m</param>
    /// <param name="square">v</param>
    public unsafe void Run(Tensor weight, Tensor gradient, Tensor mean, Tensor square)
    {
        var count = checked((int)weight.numel());
        float* w = First(weight), g = First(gradient), m = First(mean), v = First(square);
        var pass = new Numbers(
            (float)Factor, (float)Decay, (float)Keep, (float)Beta1, (float)(1 - Beta1), (float)Beta2, (float)(1 - Beta2), (float)Root, (float)Epsilon, (float)Rate);
        var threads = count < 2 * Portion ? 1 : get_num_threads();
        if (threads == 1)
        {
            pass.Run(w, g, m, v, count);
        }
        else
        {
            Parallel.For(0, (count + Portion - 1) / Portion, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
            {
                var first = i * Portion;
                pass.Run(w + first, g + first, m + first, v + first, Math.Min(Portion, count - first));
            });
        }
        GC.KeepAlive(weight);
        GC.KeepAlive(gradient);
        GC.KeepAlive(mean);
        GC.KeepAlive(square);
    }

    // Tensors do not move: the address is good for as long as the tensor lives.
    private static unsafe float* First(Tensor tensor) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    /// <summary>One pass over a range. Vector and scalar parts do the same float32 operations in the same order.</summary>
    private sealed record Numbers(float Factor, float Decay, float Keep, float B1, float C1, float B2, float C2, float Root, float Epsilon, float Rate)
    {
        public unsafe void Run(float* w, float* g, float* m, float* v, int count)
        {
            // Locals: the compiler cannot know that the weights are not our own fields.
            var (keep, factor, decay, rate) = (new Vector<float>(Keep), new Vector<float>(Factor), new Vector<float>(Decay), new Vector<float>(Rate));
            var (b1, c1, b2, c2) = (new Vector<float>(B1), new Vector<float>(C1), new Vector<float>(B2), new Vector<float>(C2));
            var (root2, epsilon) = (new Vector<float>(Root), new Vector<float>(Epsilon));
            var i = 0;
            for (var wide = Vector<float>.Count; i <= count - wide; i += wide)
            {
                var weight = *(Vector<float>*)(w + i) * keep;
                var gradient = *(Vector<float>*)(g + i) * factor + weight * decay;
                var mean = *(Vector<float>*)(m + i) * b1 + gradient * c1;
                var square = *(Vector<float>*)(v + i) * b2 + gradient * gradient * c2;
                *(Vector<float>*)(m + i) = mean;
                *(Vector<float>*)(v + i) = square;
                *(Vector<float>*)(w + i) = weight + mean * rate / (Vector.SquareRoot(square) / root2 + epsilon);
            }
            for (; i < count; i++)
            {
                var weight = w[i] * Keep;
                var gradient = g[i] * Factor + weight * Decay;
                var mean = m[i] * B1 + gradient * C1;
                var square = v[i] * B2 + gradient * gradient * C2;
                (m[i], v[i]) = (mean, square);
                var root = MathF.Sqrt(square) / Root + Epsilon;
                w[i] = weight + mean * Rate / root;
            }
        }
    }
}
