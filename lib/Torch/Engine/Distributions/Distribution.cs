using TorchSharp.Modules;

namespace TorchSharp;

// torch.distributions: the common ones, as PyTorch has them. Draws come from the generator given, else from libtorch's own.
public static partial class torch
{
    public static partial class distributions
    {
        /// <summary>A probability distribution over a batch of parameters: samples have the shape (sample_shape, batch_shape, event_shape).</summary>
        public abstract class Distribution : IDisposable
        {
            private protected readonly Generator? Source;
            private Tensor[] owned = [];

            public Distribution(Generator? generator, long[]? batch_shape = null, long[]? event_shape = null)
            {
                Source = generator;
                this.batch_shape = new Size(batch_shape ?? []);
                this.event_shape = new Size(event_shape ?? []);
            }

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
                    Array.ForEach(owned, t => t.Dispose());
                }
            }

            /// <summary>Keeps the two parameters until the distribution is disposed of, whatever scope they were made in.</summary>
            private protected (Tensor, Tensor) Own(Tensor[] both)
            {
                owned = Array.ConvertAll(both, t => t.DetachFromDisposeScope());
                return (both[0], both[1]);
            }

            protected long[] ExtendedShape(params long[] sample_shape) => [.. sample_shape, .. batch_shape.Shape, .. event_shape.Shape];

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
        }

        public static Normal Normal(Tensor loc, Tensor scale, Generator? generator = null) => new(loc, scale, generator);

        public static Normal Normal(float loc, float scale = 1, Generator? generator = null) => new(tensor(loc), tensor(scale), generator);

        public static Normal Normal(double loc, double scale = 1, Generator? generator = null) => new(tensor(loc), tensor(scale), generator);

        public static Laplace Laplace(Tensor loc, Tensor scale, Generator? generator = null) => new(loc, scale, generator);

        public static Laplace Laplace(float loc, float scale = 1, Generator? generator = null) => new(tensor(loc), tensor(scale), generator);

        public static Laplace Laplace(double loc, double scale = 1, Generator? generator = null) => new(tensor(loc), tensor(scale), generator);

        public static Uniform Uniform(Tensor low, Tensor high, Generator? generator = null) => new(low, high, generator);

        public static Bernoulli Bernoulli(Tensor? probs = null, Tensor? logits = null, Generator? generator = null) => new(probs, logits, generator);

        public static Bernoulli Bernoulli(float? probs, float? logits, Generator? generator = null)
            => new(probs is { } p ? tensor(p) : null, logits is { } l ? tensor(l) : null, generator);

        public static Bernoulli Bernoulli(double? probs, double? logits, Generator? generator = null)
            => new(probs is { } p ? tensor(p) : null, logits is { } l ? tensor(l) : null, generator);

        public static Categorical Categorical(Tensor? probs = null, Tensor? logits = null, Generator? generator = null) => new(probs, logits, generator);

        public static Categorical Categorical(int categories, Generator? generator = null) => new(ones(categories) / categories, null, generator);
    }
}
