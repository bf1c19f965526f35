using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What Adam and AdamW share: all but where the weight decay acts.</summary>
internal static class AdamRule
{
    /// <summary>The numbers of one step.</summary>
    internal readonly record struct Numbers(double Rate, double Beta1, double Beta2, double Eps, double Decay, bool OnTheParameter, bool AmsGrad, bool Maximize);

    /// <summary>θ -= rate / (1 - β1^t) · m / (sqrt(v) / sqrt(1 - β2^t) + ε); the decay is added to the gradient or acts on θ itself.</summary>
    internal static void Step<TState>(Live<TState> live, Func<TState, long> step, Func<TState, Tensor> first, Func<TState, Tensor> second, Func<TState, Tensor> most, Numbers n)
        where TState : OptimizerState
    {
        var rates = live.Each(s => -n.Rate / (1 - Math.Pow(n.Beta1, step(s))));
        var roots = live.Each(s => Math.Sqrt(1 - Math.Pow(n.Beta2, step(s))));
        var parameters = live.Parameters();
        var (m, v) = (live.All(first), live.All(second));
        var (added, keep) = n.OnTheParameter ? (0.0, 1 - n.Rate * n.Decay) : (n.Decay, 1.0);
        if (!n.AmsGrad && FusedAdam.Fits(parameters, live.Grads(), m, v))
        {
            FusedAdam.Step(parameters, live.Grads(), m, v, n.Beta1, n.Beta2, n.Eps, added, keep, n.Maximize, rates, roots);
            return;
        }
        if (keep != 1)
        {
            Foreach.MulInPlace.Run(parameters, keep);
        }
        var g = live.Grads(n.Maximize, added);
        Foreach.MulInPlace.Run(m, n.Beta1);
        Foreach.AddInPlace.Run(m, g, 1 - n.Beta1);
        Foreach.MulInPlace.Run(v, n.Beta2);
        Foreach.AddcmulInPlace.Run(v, g, g, 1 - n.Beta2);
        if (n.AmsGrad)
        {
            var largest = live.All(most);
            for (var i = 0; i < v.Length; i++)
            {
                Kernels.Copy.Run(largest[i], Kernels.Maximum.Call(largest[i], v[i]));
            }
            v = largest;
        }
        var below = Foreach.Sqrt.CallList((Tensor[])v);
        Foreach.DivideBy(below, roots);
        Foreach.AddScalarInPlace.Run(below, n.Eps);
        Foreach.Addcdiv(parameters, m, below, rates);
    }
}
