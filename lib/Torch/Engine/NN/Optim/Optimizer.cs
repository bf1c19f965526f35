using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Optimizers: PyTorch's update rules, a few operator calls for all parameters of a group together.</summary>
    public static partial class optim
    {
        /// <summary>What schedules steer.</summary>
        public interface ILearningRateController
        {
            double LearningRate { get; set; }
            double InitialLearningRate { get; set; }
        }

        public interface IMomentum
        {
            double Momentum { get; set; }
        }

        public interface IBetas
        {
            (double, double) Betas { get; set; }
        }

        public abstract class Optimizer : IDisposable
        {
            private protected readonly List<ParamGroup> groups = [];

            protected Optimizer(nint handle)
            {
                if (handle != 0)
                {
                    throw new ArgumentException("every optimizer here is managed code: there is no native one to wrap", nameof(handle));
                }
            }

            ~Optimizer() => Dispose(false);

            public virtual IEnumerable<ILearningRateController> ParamGroups => groups;

            public virtual void add_param_group(ParamGroup param_group) => throw new NotSupportedException($"{GetType().Name} has no parameter groups");

            public virtual IEnumerable<Parameter> parameters() => groups.SelectMany(g => g.Parameters);

            /// <summary>One update. With a closure, that is called first and its loss comes back.</summary>
            public abstract Tensor step(Func<Tensor>? closure = null);

            /// <summary>Fills every gradient with zeros. (A module's zero_grad drops them instead.)</summary>
            public virtual void zero_grad()
            {
                foreach (var parameter in parameters())
                {
                    Gradients.Clear(parameter, drop: false);
                }
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing) { }

            /// <summary>Options of each group, and the state of each parameter in the groups' order; not copies.</summary>
            public class StateDictionary
            {
                internal StateDictionary() { }

                public List<OptimizerOptions> Options { get; } = [];
                public List<OptimizerState> State { get; } = [];

                /// <summary>For each group the places of its parameters' states in <see cref="State"/>.</summary>
                public List<List<int>> StateIndexRef { get; } = [];
            }
        }
    }
}
