// Adam (Kingma and Ba, 2015, algorithm 1) and AdamW (Loshchilov and Hutter, 2019), in PyTorch's arrangement:
//   m <- β1·m + (1-β1)·g      v <- β2·v + (1-β2)·g²      w <- w - rate/(1-β1^t) · m / (√(v/(1-β2^t)) + ε)
// Written here because a run is resumed from its state to the bit, and because a small model's step is dominated by an
// optimizer of some seven operators a tensor. On the CPU one pass over memory does all of it (AdamPass, which torch.optim.Adam of
// lib/Torch runs, too); elsewhere tensor operators. torch.optim.Adam is for users' own loops and has TorchSharp's faces; this one
// serves TrainLoop with either engine and is saved by names.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>
/// Adam over named parameters. The rate is given at each step, so that schedules are functions of the step. The result
/// does not depend on the number of threads. Not safe for use by several threads at once.
/// </summary>
public sealed unsafe class AdamOptimizer : IDisposable
{
    private readonly AdamSettings settings;
    private readonly Slot[] slots;

    private sealed record Slot(string Name, Parameter Weight, Tensor Mean, Tensor Square, double RateFactor, double Decay)
    {
        public long Step { get; set; }

        /// <summary>On the CPU in float32 the fused pass is used.</summary>
        public bool Fused { get; } = Weight.device_type == DeviceType.CPU && Weight.dtype == ScalarType.Float32;

        public int Count { get; } = checked((int)Weight.numel());
    }

    /// <summary>An optimizer with an empty state.</summary>
    /// <param name="parameters">names and parameters; those that need no gradient are left out</param>
    /// <param name="settings">Adam's constants</param>
    /// <param name="rateFactor">a factor to the rate by the parameter's name, 1 if null; 0 freezes a parameter</param>
    public AdamOptimizer(IEnumerable<(string Name, Parameter Weight)> parameters, AdamSettings? settings = null, Func<string, double>? rateFactor = null)
    {
        this.settings = settings ??= new AdamSettings();
        using var none = no_grad();
        slots = parameters.Where(p => p.Weight.requires_grad).Select(p => new Slot(
            p.Name, p.Weight,
            zeros(p.Weight.shape, p.Weight.dtype, p.Weight.device).DetachFromDisposeScope(),
            zeros(p.Weight.shape, p.Weight.dtype, p.Weight.device).DetachFromDisposeScope(),
            rateFactor?.Invoke(p.Name) ?? 1,
            (settings.SpareVectors && p.Weight.shape.Length < 2) || (settings.SpareNamed is { } spared && p.Name.Contains(spared, StringComparison.Ordinal)) ? 0 : settings.WeightDecay)).ToArray();
    }

    /// <summary>The names of the parameters that are trained.</summary>
    public IReadOnlyList<string> Names => slots.Select(s => s.Name).ToArray();

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGradients()
    {
        foreach (var slot in slots)
        {
            slot.Weight.grad = null;
        }
    }

    /// <summary>The Euclidean norm of all gradients together; summed in float64, in a fixed order.</summary>
    public double GradientNorm()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var sum = 0.0;
        var squares = new List<Tensor>();
        foreach (var slot in slots)
        {
            if (slot.Weight.grad is not { } gradient)
            {
                continue;
            }
            if (slot.Fused)
            {
                sum += SumOfSquares(Pointer(gradient.contiguous()), slot.Count);
            }
            else
            {
                squares.Add(gradient.norm().to_type(ScalarType.Float64).square());
            }
        }
        // One transfer from the device for all of them.
        return Math.Sqrt(squares.Count == 0 ? sum : sum + stack(squares).sum().item<double>());
    }

    /// <summary>One update of every parameter that has a gradient.</summary>
    /// <param name="rate">the learning rate</param>
    /// <param name="gradientFactor">what the gradients are multiplied by, for clipping</param>
    public void Step(double rate, double gradientFactor = 1)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        foreach (var slot in slots)
        {
            if (slot.Weight.grad is not { } gradient)
            {
                continue;
            }
            slot.Step++;
            var at = rate * slot.RateFactor;
            var correction1 = 1 - Math.Pow(settings.Beta1, slot.Step);
            var correction2 = 1 - Math.Pow(settings.Beta2, slot.Step);
            if (slot.Fused)
            {
                new AdamPass(settings.Beta1, settings.Beta2, settings.Epsilon, -at / correction1, Math.Sqrt(correction2))
                {
                    Factor = gradientFactor,
                    Decay = settings.Decoupled ? 0 : slot.Decay,
                    Keep = settings.Decoupled ? 1 - at * slot.Decay : 1,
                }.Run(slot.Weight, gradient.contiguous(), slot.Mean, slot.Square);
            }
            else
            {
                UpdateByOperators(slot, gradient, at, gradientFactor, correction1, correction2);
            }
        }
    }

    /// <summary>The state by name: "exp_avg.w", "exp_avg_sq.w" and "step.w" for each parameter w. The first two are the optimizer's own; the steps are new tensors.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() => slots.SelectMany(s => new[]
    {
        ($"exp_avg.{s.Name}", s.Mean), ($"exp_avg_sq.{s.Name}", s.Square), ($"step.{s.Name}", tensor(s.Step, int64)),
    });

    /// <summary>Takes a state over.</summary>
    /// <param name="state">what <see cref="State"/> gave</param>
    /// <exception cref="ArgumentException">A tensor is missing or has another shape.</exception>
    public void Load(IReadOnlyDictionary<string, Tensor> state)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        Tensor Of(string name, long[] shape) => state.TryGetValue(name, out var value) && value.shape.SequenceEqual(shape)
            ? value
            : throw new ArgumentException($"the optimizer's state lacks {name} of shape [{string.Join(", ", shape)}]", nameof(state));
        foreach (var slot in slots)
        {
            slot.Mean.copy_(Of($"exp_avg.{slot.Name}", slot.Weight.shape));
            slot.Square.copy_(Of($"exp_avg_sq.{slot.Name}", slot.Weight.shape));
            slot.Step = Of($"step.{slot.Name}", []).item<long>();
        }
    }

    /// <summary>Frees the state; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (var slot in slots)
        {
            slot.Mean.Dispose();
            slot.Square.Dispose();
        }
    }

    private void UpdateByOperators(Slot slot, Tensor gradient, double rate, double factor, double correction1, double correction2)
    {
        var (b1, b2) = (settings.Beta1, settings.Beta2);
        var g = factor == 1 ? gradient : gradient * factor;
        if (slot.Decay != 0 && settings.Decoupled)
        {
            slot.Weight.mul_(1 - rate * slot.Decay);
        }
        else if (slot.Decay != 0)
        {
            g = g + slot.Weight * slot.Decay;
        }
        slot.Mean.mul_(b1).add_(g, 1 - b1);
        slot.Square.mul_(b2).addcmul_(g, g, 1 - b2);
        var root = slot.Square.sqrt().div_(Math.Sqrt(correction2)).add_(settings.Epsilon);
        slot.Weight.addcdiv_(slot.Mean, root, -rate / correction1);
    }

    private static double SumOfSquares(float* x, int count)
    {
        // Sixteen float64 sums whatever the machine's vectors, so that every machine adds in the same order.
        Vector256<double> a = default, b = default, c = default, d = default;
        var i = 0;
        for (; i <= count - 16; i += 16)
        {
            var (low, high) = Vector256.Widen(Vector256.Load(x + i));
            var (low2, high2) = Vector256.Widen(Vector256.Load(x + i + 8));
            (a, b, c, d) = (a + low * low, b + high * high, c + low2 * low2, d + high2 * high2);
        }
        var total = a + b + (c + d);
        var sum = total[0] + total[1] + total[2] + total[3];
        for (; i < count; i++)
        {
            sum += (double)x[i] * x[i];
        }
        return sum;
    }

    // Tensors do not move: the address is good for as long as the tensor lives.
    private static float* Pointer(Tensor tensor) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
}
