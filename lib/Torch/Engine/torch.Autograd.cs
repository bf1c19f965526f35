namespace TorchSharp;

// Grad mode (of the calling thread), the autograd engine.
public static unsafe partial class torch
{
    /// <summary>No gradients are recorded on this thread until the returned object is disposed of.</summary>
    public static IDisposable no_grad() => new GradScope(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradScope(enabled);

    /// <summary>Switches at once; disposing of the result switches back.</summary>
    public static IDisposable set_grad_enabled(bool mode = true) => new GradScope(mode);

    public static bool is_grad_enabled() => Door.Switch(Door.GradMode, -1) != 0;

    public static IDisposable inference_mode(bool mode = true) => new InferenceScope(mode);

    public static bool is_inference_mode_enabled() => Door.Switch(Door.InferenceMode, -1) != 0;

    private sealed class GradScope : IDisposable
    {
        private readonly int before;
        private readonly int thread = Environment.CurrentManagedThreadId;
        private bool done;

        internal GradScope(bool on)
        {
            before = Door.Switch(Door.GradMode, on ? 1 : 0);
            Door.Check(before);
        }

        public void Dispose()
        {
            if (done) return;
            OwnThread.Check(thread, "grad mode");
            done = true;
            Door.Check(Door.Switch(Door.GradMode, before));
        }
    }

    private sealed class InferenceScope(bool on) : IDisposable
    {
        private readonly int thread = Environment.CurrentManagedThreadId;
        private nint guard = Door.Check(Door.InferenceEnter(on ? 1 : 0));

        public void Dispose()
        {
            if (guard == 0) return;
            OwnThread.Check(thread, "inference mode");
            Door.InferenceLeave(guard);
            guard = 0;
        }
    }

    public static partial class autograd
    {
        /// <summary>d outputs / d inputs as new tensors; nothing is accumulated.</summary>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
            => Engine(outputs, grad_outputs, inputs, retain_graph || create_graph, create_graph, allow_unused, true);

        /// <summary>Accumulates gradients into the leaves, or into <paramref name="inputs"/> only.</summary>
        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
            => Engine(tensors, grad_tensors, inputs, retain_graph ?? create_graph, create_graph, false, false);

        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
            => backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
            => backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        public static AnomalyMode detect_anomaly(bool check_nan = true) => new(true, check_nan);

        public static AnomalyMode set_detect_anomaly(bool mode, bool check_nan = true) => new(mode, check_nan);

        private static Tensor[] Engine(IList<Tensor> roots, IList<Tensor>? seeds, IList<Tensor>? inputs, bool retain, bool create, bool unused, bool wanted)
        {
            if (seeds is not null && seeds.Count != roots.Count)
            {
                throw new ArgumentException($"{seeds.Count} gradients for {roots.Count} tensors");
            }
            nint[] from = Handles(roots), seed = seeds is null ? new nint[roots.Count] : Handles(seeds), into = inputs is null ? [] : Handles(inputs);
            var results = new nint[into.Length];
            int flags = (retain ? 1 : 0) | (create ? 2 : 0) | (unused ? 4 : 0);
            fixed (nint* f = from)
            fixed (nint* s = seed)
            fixed (nint* i = into)
            fixed (nint* r = results)
            {
                Door.Check(Door.Backward(f, s, from.Length, i, into.Length, flags, wanted ? r : null));
            }
            GC.KeepAlive(roots);
            GC.KeepAlive(seeds);
            GC.KeepAlive(inputs);
            return wanted ? Array.ConvertAll(results, h => h == 0 ? null! : new Tensor(h)) : [];
        }

        private static nint[] Handles(IList<Tensor> tensors)
        {
            var handles = new nint[tensors.Count];
            for (int i = 0; i < handles.Length; i++) handles[i] = tensors[i]?.Handle ?? 0;
            return handles;
        }
    }
}
