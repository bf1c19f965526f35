using System.Runtime.InteropServices;

namespace TorchSharp;

// Autograd functions of a user's own.
public static unsafe partial class torch
{
    public static partial class autograd
    {
        /// <summary>What forward leaves for backward.</summary>
        public class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object?> data = [];
            private nint graph;

            internal AutogradContext() { }

            internal List<Tensor?> ToSave { get; private set; } = [];
            internal List<Tensor> Dirty { get; private set; } = [];
            internal List<Tensor> NotDifferentiable { get; private set; } = [];

            /// <summary>Whether gradients that nobody computed come as zeros (as null else).</summary>
            public bool MaterializeGrads { get; private set; } = true;

            /// <summary>The tensors that backward needs, inputs or outputs of forward; null for those that are not there.</summary>
            public void save_for_backward(List<Tensor> tensors) => ToSave = [.. tensors];

            /// <summary>What backward needs besides tensors.</summary>
            public void save_data(string key, object value) => data[key] = value;

            public object get_data(string key) => data.GetValueOrDefault(key)!;

            /// <summary>Inputs that forward writes to.</summary>
            public void mark_dirty(List<Tensor> tensors) => Dirty = [.. tensors];

            /// <summary>Outputs without a gradient.</summary>
            public void mark_non_differentiable(List<Tensor> tensors) => NotDifferentiable = [.. tensors];

            public void set_materialize_grads(bool value) => MaterializeGrads = value;

            /// <summary>In backward, what forward saved; null for what was null.</summary>
            /// <exception cref="ExternalException">One of them was written to in between.</exception>
            public List<Tensor> get_saved_variables()
            {
                if (graph == 0) return [];
                var handles = new nint[ToSaveCount];
                fixed (nint* p = handles) Door.Check(Door.FunctionSaved(graph, p, handles.Length));
                return [.. handles.Select(h => h == 0 ? null! : new Tensor(h))];
            }

            internal int ToSaveCount { get; private set; }

            // libtorch keeps them from now on; objects here would only hold memory.
            internal void Saved()
            {
                ToSaveCount = ToSave.Count;
                (ToSave, Dirty, NotDifferentiable) = ([], [], []);
            }

            internal void Within(nint context) => graph = context;

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing) => data.Clear();
        }

        /// <summary>
        /// An operator with a gradient of one's own, T being the class itself. Forward takes anything; of the arguments those that are
        /// tensors get gradients, and backward returns one for each argument, null where there is none.
        /// </summary>
        public abstract class Function<T> where T : Function<T>, new()
        {
            private static readonly T instance = new();

            public abstract string Name { get; }

            internal abstract List<Tensor> Forward(AutogradContext ctx, object[] vars);

            internal abstract List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs);

            /// <summary>Runs forward without gradients and ties what it returns to the arguments.</summary>
            public static List<Tensor> apply_internal(params object[] vars)
            {
                var context = new AutogradContext();
                List<Tensor> outputs;
                using (no_grad()) outputs = instance.Forward(context, vars);
                if (outputs.Any(output => output is null)) throw new ArgumentException($"{instance.Name}.forward returned null");
                var places = Enumerable.Range(0, vars.Length).Where(i => vars[i] is Tensor { IsInvalid: false }).ToArray();
                if (!is_grad_enabled() || !places.Any(i => ((Tensor)vars[i]).requires_grad)) return outputs;
                return FunctionGraph.Tie(instance.Name, vars, places, outputs, context, grads => instance.Backward(context, grads));
            }
        }

        /// <summary>A function of one result.</summary>
        public abstract class SingleTensorFunction<T> : Function<T> where T : SingleTensorFunction<T>, new()
        {
            public static Tensor apply(params object[] vars) => apply_internal(vars)[0];

            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            internal sealed override List<Tensor> Forward(AutogradContext ctx, object[] vars) => [forward(ctx, vars)];

            internal sealed override List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs) => backward(ctx, grad_outputs[0]);
        }

        /// <summary>A function of several results.</summary>
        public abstract class MultiTensorFunction<T> : Function<T> where T : MultiTensorFunction<T>, new()
        {
            public static List<Tensor> apply(params object[] vars) => apply_internal(vars);

            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

            public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            internal sealed override List<Tensor> Forward(AutogradContext ctx, object[] vars) => forward(ctx, vars);

            internal sealed override List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs) => backward(ctx, grad_outputs);
        }
    }
}

/// <summary>A managed function's node in autograd's graph; libtorch holds it by a handle and lets go with the graph.</summary>
internal sealed unsafe class FunctionGraph
{
    private readonly string name;
    private readonly int arguments;
    private readonly int[] places;
    private readonly torch.autograd.AutogradContext context;
    private readonly Func<List<torch.Tensor>, List<torch.Tensor>> backward;

    private FunctionGraph(string name, int arguments, int[] places, torch.autograd.AutogradContext context, Func<List<torch.Tensor>, List<torch.Tensor>> backward)
    {
        (this.name, this.arguments, this.places, this.context, this.backward) = (name, arguments, places, context, backward);
    }

    internal static List<torch.Tensor> Tie(string name, object[] vars, int[] places, List<torch.Tensor> outputs, torch.autograd.AutogradContext context,
        Func<List<torch.Tensor>, List<torch.Tensor>> backward)
    {
        var graph = new FunctionGraph(name, vars.Length, places, context, backward);
        nint[] inputs = [.. places.Select(i => ((torch.Tensor)vars[i]).Handle)], made = Handles(outputs), saved = Handles(context.ToSave),
            dirty = Handles(context.Dirty), plain = Handles(context.NotDifferentiable), results = new nint[outputs.Count];
        fixed (nint* i = inputs, o = made, s = saved, d = dirty, p = plain, r = results)
        {
            var call = new Door.FunctionCall
            {
                Outputs = o,
                Saved = s,
                Dirty = d,
                Plain = p,
                OutputCount = made.Length,
                SavedCount = saved.Length,
                DirtyCount = dirty.Length,
                PlainCount = plain.Length,
                InputCount = inputs.Length,
                Zeros = context.MaterializeGrads ? 1 : 0,
                Context = GCHandle.ToIntPtr(GCHandle.Alloc(graph)),
                Backward = &Back,
                Free = &Free,
            };
            Door.Check(Door.Function(i, inputs.Length, &call, r));
        }
        GC.KeepAlive(vars);
        GC.KeepAlive(context.ToSave);
        context.Saved();
        for (var k = 0; k < results.Length; k++)
        {
            if (results[k] == outputs[k].Handle) Door.Free(results[k]);
            else outputs[k] = new torch.Tensor(results[k]);
        }
        return outputs;
    }

    private static nint[] Handles(IEnumerable<torch.Tensor?> tensors) => [.. tensors.Select(t => t is null || t.IsInvalid ? 0 : t.Handle)];

    [UnmanagedCallersOnly]
    private static void Free(nint context) => GCHandle.FromIntPtr(context).Free();

    [UnmanagedCallersOnly]
    private static int Back(nint context, nint graph, nint* grads, int count, nint* results, int capacity)
    {
        try
        {
            using var scope = torch.NewDisposeScope();
            var given = new List<torch.Tensor>();
            for (var i = 0; i < count; i++) given.Add(grads[i] == 0 ? null! : new torch.Tensor(grads[i]));
            ((FunctionGraph)GCHandle.FromIntPtr(context).Target!).Run(graph, given, new Span<nint>(results, capacity));
            return 0;
        }
        catch (Exception e)
        {
            Door.FunctionFailed(e.Message);
            return -1;
        }
    }

    private void Run(nint graph, List<torch.Tensor> given, Span<nint> results)
    {
        List<torch.Tensor> found;
        context.Within(graph);
        try
        {
            found = backward(given);
        }
        finally
        {
            context.Within(0);
        }
        var more = found.Skip(arguments).Any(t => t is not null && !t.IsInvalid);
        if (found.Count < arguments || more)
        {
            throw new InvalidOperationException($"Function {name} returned an incorrect number of gradients (expected {arguments}, got {found.Count})");
        }
        for (var i = 0; i < arguments; i++)
        {
            if (found[i] is null || found[i].IsInvalid) continue;
            var place = Array.IndexOf(places, i);
            if (place < 0) throw new InvalidOperationException($"Function {name} returned a gradient at position {i + 1}, where forward was given no tensor");
            results[place] = Door.Share(found[i].Handle);
        }
    }
}
