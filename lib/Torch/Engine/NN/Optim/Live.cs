using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Parameters, gradients and states side by side, for one step.</summary>
internal sealed class Live<TState>(bool inParts) where TState : OptimizerState
{
    private readonly List<Tensor> parameters = [];
    private readonly List<Tensor> grads = [];
    private readonly List<ScalarType> dtypes = [];

    internal List<TState> States { get; } = [];
    internal int Count => States.Count;

    internal void Add(Tensor parameter, Tensor grad, TState state)
    {
        dtypes.Add(parameter.dtype);
        parameters.Add(Real(parameter));
        grads.Add(Real(grad));
        States.Add(state);
    }

    internal Tensor[] Parameters() => [.. parameters];

    /// <summary>The gradients, turned round where the objective is to be maximized, plus decay times the parameters.</summary>
    internal Tensor[] Grads(bool maximize = false, double decay = 0)
    {
        Tensor[] result = [.. grads];
        if (maximize)
        {
            result = Aten._foreach_neg.CallList(result);
        }
        return decay == 0 ? result : Aten._foreach_add_List.CallList(result, Parameters(), decay);
    }

    internal Tensor[] All(Func<TState, Tensor> part)
    {
        var all = new Tensor[Count];
        for (var i = 0; i < all.Length; i++)
        {
            var tensor = part(States[i]);
            if (tensor.dtype != dtypes[i])
            {
                throw new InvalidOperationException(
                    $"a parameter is {dtypes[i]} and what the optimizer keeps of it is {tensor.dtype}: move the module first, then make its optimizer");
            }
            all[i] = Real(tensor);
        }
        return all;
    }

    /// <summary>The tensor itself; of complex numbers, where they are learned as their two parts, a view of those.</summary>
    internal Tensor Real(Tensor tensor) => inParts && tensor.is_complex() ? view_as_real(tensor) : tensor;

    /// <summary>One number for each parameter.</summary>
    internal double[] Each(Func<TState, double> number)
    {
        var all = new double[Count];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = number(States[i]);
        }
        return all;
    }
}
