namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        public static class functional
        {
            /// <summary>d output / d input, of shape (output's, input's), for each output and, within it, each input.</summary>
            public static IEnumerable<Tensor> jacobian(Func<Tensor[], Tensor[]> function, params Tensor[] inputs)
            {
                using var scope = NewDisposeScope();
                using var on = enable_grad();
                var given = Array.ConvertAll(inputs, input => input.detach().clone().requires_grad_(true));
                var all = new List<Tensor>();
                foreach (var output in function(given))
                {
                    using var elements = output.reshape(-1);
                    var rows = new List<Tensor[]>();
                    for (var i = 0L; i < elements.numel(); i++)
                    {
                        var grads = elements.requires_grad ? grad([elements[i]], given, retain_graph: true, allow_unused: true) : new Tensor[given.Length];
                        rows.Add([.. given.Select((input, k) => grads[k] ?? zeros_like(input))]);
                    }
                    for (var k = 0; k < given.Length; k++)
                    {
                        long[] shape = [.. output.shape, .. given[k].shape];
                        all.Add(rows.Count == 0 ? zeros(shape, given[k].dtype, given[k].device) : stack([.. rows.Select(row => row[k])]).reshape(shape));
                    }
                }
                return all.ConvertAll(part => part.detach().MoveToOuterDisposeScope());
            }

            public static Tensor jacobian(Func<Tensor, Tensor> function, Tensor inputs) => jacobian((Tensor[] x) => [function(x[0])], [inputs]).Single();

            public static IEnumerable<Tensor> jacobian(Func<Tensor, Tensor[]> function, Tensor inputs) => jacobian(x => function(x[0]), [inputs]);

            public static IEnumerable<Tensor> jacobian(Func<Tensor[], Tensor> function, params Tensor[] inputs) => jacobian((Tensor[] x) => [function(x)], inputs);
        }
    }
}
