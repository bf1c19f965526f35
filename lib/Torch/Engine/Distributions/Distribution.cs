using TorchSharp.Modules;

namespace TorchSharp;

// torch.distributions as PyTorch has them (formulas: its documentation, and Johnson, Kotz and Balakrishnan). Draws come from the generator given, else from libtorch's own.
public static partial class torch
{
    public static partial class distributions
    {
        /// <summary>A probability distribution over a batch of parameters: samples have the shape (sample_shape, batch_shape, event_shape).</summary>
        public abstract class Distribution : IDisposable
        {
            private protected readonly Generator? Source;
            private readonly List<Tensor> owned = [];

            public Distribution(Generator? generator, long[]? batch_shape = null, long[]? event_shape = null)
            {
                Source = generator;
                this.batch_shape = new Size(batch_shape ?? []);
                this.event_shape = new Size(event_shape ?? []);
            }

            public Distribution(Generator? generator, Size batch_shape, Size? event_shape = null) : this(generator, batch_shape.Shape, event_shape?.Shape) { }

            public Size batch_shape { get; private set; }
            public Size event_shape { get; private set; }

            public abstract Tensor mean { get; }
            public abstract Tensor variance { get; }
            /// <exception cref="NotSupportedException">This distribution has none, or it is not written.</exception>
            public virtual Tensor mode => throw Lacks(nameof(mode));
            public virtual Tensor stddev => WrappedTensorDisposeScope(() => variance.sqrt());

            /// <summary>Draws that gradients flow through where the distribution has such; else as <see cref="sample(long[])"/>.</summary>
            public abstract Tensor rsample(params long[] sample_shape);

            public Tensor rsample(Size sample_shape) => rsample(sample_shape.Shape);

            /// <summary>Draws without gradients.</summary>
            public virtual Tensor sample(params long[] sample_shape)
            {
                using var guard = no_grad();
                return rsample(sample_shape);
            }

            public Tensor sample(Size sample_shape) => sample(sample_shape.Shape);

            public abstract Tensor log_prob(Tensor value);

            public abstract Tensor entropy();

            /// <exception cref="NotSupportedException">This distribution has no cumulative distribution function in closed form.</exception>
            public virtual Tensor cdf(Tensor value) => throw Lacks(nameof(cdf));

            /// <exception cref="NotSupportedException">This distribution has no quantiles in closed form.</exception>
            public virtual Tensor icdf(Tensor value) => throw Lacks(nameof(icdf));

            public virtual Tensor perplexity() => WrappedTensorDisposeScope(() => entropy().exp());

            /// <summary>The same distribution over a larger batch.</summary>
            public abstract Distribution expand(Size batch_shape, Distribution? instance = null);

            private protected NotSupportedException Lacks(string member) => new($"{GetType().Name} has no {member}");

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (disposing)
                {
                    owned.ForEach(t => t.Dispose());
                }
            }

            /// <summary>Keeps a parameter until the distribution is disposed of, whatever scope it was made in.</summary>
            private protected Tensor Own(Tensor parameter)
            {
                owned.Add(parameter.DetachFromDisposeScope());
                return parameter;
            }

            /// <summary>The shapes, for a class that knows them only after its constructor's first lines.</summary>
            protected void _init(Size? batch_shape = null, Size? event_shape = null) =>
                (this.batch_shape, this.event_shape) = (batch_shape ?? Size.Empty, event_shape ?? Size.Empty);

            /// <summary>All values of a discrete distribution: (values, batch_shape), or with expand false (values, 1, ..., 1).</summary>
            /// <exception cref="NotSupportedException">The values are without number, or depend on the batch.</exception>
            public virtual Tensor enumerate_support(bool expand = true) => throw Lacks(nameof(enumerate_support));

            private protected Tensor Support(Tensor values, bool expand) => WrappedTensorDisposeScope(() =>
            {
                var apart = values.view([values.shape[0], .. batch_shape.Shape.Select(_ => 1L)]);
                return expand ? apart.expand([values.shape[0], .. batch_shape.Shape]).clone() : apart.clone();
            });

            protected long[] ExtendedShape(params long[] sample_shape) => [.. sample_shape, .. batch_shape.Shape, .. event_shape.Shape];

            protected Tensor ClampByZero(Tensor x) => x.clamp_min(0);

            protected Tensor ClampProbs(Tensor probs)
            {
                var eps = probs.dtype == ScalarType.Float64 ? double.BitIncrement(1) - 1 : MathF.BitIncrement(1) - 1;
                return probs.clamp(eps, 1 - eps);
            }

            protected Tensor ProbsToLogits(Tensor probs, bool isBinary = false) => WrappedTensorDisposeScope(() =>
            {
                var inside = ClampProbs(probs);
                return isBinary ? inside.log() - (-inside).log1p() : inside.log();
            });

            protected Tensor LogitsToProbs(Tensor logits, bool isBinary = false) => isBinary ? logits.sigmoid() : logits.softmax(-1);

            /// <summary>The parameters broadcast against one another.</summary>
            private protected static Tensor[] Together(params Tensor[] parameters) => broadcast_tensors(parameters).ToArray();

            /// <summary>Uniform on (0, 1), both ends left out.</summary>
            private protected Tensor Inside(long[] shape, Tensor like) => rand(shape, like.dtype, like.device, generator: Source)
                .clamp(like.dtype == ScalarType.Float64 ? 1e-300 : 1.2e-38, 1 - (like.dtype == ScalarType.Float64 ? 1e-16 : 6e-8));
        }

        /// <summary>Distributions whose density is the exponential of a product of parameters and statistics.</summary>
        public abstract class ExponentialFamily : Distribution
        {
            protected ExponentialFamily(Generator? generator) : base(generator) { }

            private protected ExponentialFamily(Generator? generator, long[] batch_shape, long[]? event_shape = null) : base(generator, batch_shape, event_shape) { }
        }
    }
}
