using Retort.Torch;
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
        if (!n.AmsGrad && AdamPass.Fits([.. parameters, .. live.Grads(), .. m, .. v]))
        {
            var grads = live.Grads();
            for (var i = 0; i < parameters.Length; i++)
            {
                // Exchanges an axis with itself. It changes nothing but the tensor's version, by which autograd finds out that a
                // value which a later backward pass needs has been overwritten.
                Aten.transpose_.Run(parameters[i], 0, 0);
                new AdamPass(n.Beta1, n.Beta2, n.Eps, rates[i], roots[i]) { Factor = n.Maximize ? -1 : 1, Decay = added, Keep = keep }.Run(parameters[i], grads[i], m[i], v[i]);
            }
            return;
        }
        if (keep != 1)
        {
            Aten._foreach_mul_Scalar_.Run(parameters, keep);
        }
        var g = live.Grads(n.Maximize, added);
        Foreach.Average(m, g, n.Beta1);
        Foreach.AverageOfSquares(v, g, n.Beta2);
        if (n.AmsGrad)
        {
            var largest = live.All(most);
            for (var i = 0; i < v.Length; i++)
            {
                Aten.copy_.Run(largest[i], Aten.maximum.Call(largest[i], v[i]));
            }
            v = largest;
        }
        var below = Aten._foreach_sqrt.CallList((Tensor[])v);
        Foreach.DivideBy(below, roots);
        Aten._foreach_add_Scalar_.Run(below, n.Eps);
        Foreach.Addcdiv(parameters, m, below, rates);
    }
}
